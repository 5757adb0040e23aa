using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Supervision;
using Spectre.Console;

namespace EbpfActors.Actors.Outputs;

/// <summary>
/// Shows each flush to a person: in a terminal one table that stays in place and fits the window, elsewhere one table
/// after the other.
/// </summary>
public sealed class TableOutput : UntypedActor
{
    private const int RowsWithoutTerminal = 40;

    private readonly string _host;
    private readonly IAnsiConsole _console;
    private readonly FlowLedger _ledger;

    public TableOutput(string host, IAnsiConsole console, FlowLedger ledger)
    {
        _host = host;
        _console = console;
        _ledger = ledger;
    }

    public static PluginSpec Spec(string host, IAnsiConsole console, FlowLedger ledger) => new("table", Props(host, console, ledger));

    internal static Props Props(string host, IAnsiConsole console, FlowLedger ledger) =>
        Akka.Actor.Props.Create(() => new TableOutput(host, console, ledger));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FlushedFlows flushed: Show(flushed); break;
            case WritePoints: break;
            case CloseOutput: Sender.Tell(OutputClosed.Instance); break;
            default: Unhandled(message); break;
        }
    }

    private void Show(FlushedFlows flushed)
    {
        var lost = _ledger.Snapshot().Sum(e => e.Lost.Values.Sum());
        var width = _console.Profile.Width;
        if (!_console.Profile.Out.IsTerminal)
        {
            _console.Write(FlowTableView.Render(_host, flushed, lost, RowsWithoutTerminal, width));
            _console.WriteLine();
            return;
        }

        var rows = Math.Max(1, _console.Profile.Height - FlowTableView.Overhead);
        _console.Clear(home: true);
        _console.Write(FlowTableView.Render(_host, flushed, lost, rows, width));
    }
}
