using System.Runtime.ExceptionServices;
using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Supervision;
using Spectre.Console;

namespace EbpfActors.Actors.Outputs;

/// <summary>
/// Shows each flush to a person: in a terminal one table that stays in place and fits the window, elsewhere one table
/// after the other. Written off the dispatcher, one at a time: behind a terminal that takes nothing only the newest waits.
/// </summary>
public sealed class TableOutput : UntypedActor
{
    private const int RowsWithoutTerminal = 40;

    private readonly string _host;
    private readonly IAnsiConsole _console;
    private readonly FlowLedger _ledger;
    private readonly LedgerStage _stage;
    private FlushedFlows? _next;
    private bool _isWriting;
    private IActorRef? _closer;

    public TableOutput(string host, IAnsiConsole console, FlowLedger ledger)
    {
        _host = host;
        _console = console;
        _ledger = ledger;
        _stage = ledger.Stage("output table", "tables");
    }

    public static PluginSpec Spec(string host, IAnsiConsole console, FlowLedger ledger) => new("table", Props(host, console, ledger));

    internal static Props Props(string host, IAnsiConsole console, FlowLedger ledger) =>
        Akka.Actor.Props.Create(() => new TableOutput(host, console, ledger));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FlushedFlows flushed: Take(flushed); break;
            case Shown shown: OnShown(shown); break;
            case WritePoints: break;
            case CloseOutput: Close(); break;
            default: Unhandled(message); break;
        }
    }

    protected override void PostStop() => Lose("output-stopped", (_isWriting ? 1 : 0) + (_next is null ? 0 : 1));

    private void Take(FlushedFlows flushed)
    {
        _stage.In(1);
        Lose("output-slow", _next is null ? 0 : 1);
        _next = flushed;
        ShowNext();
    }

    private void ShowNext()
    {
        if (_isWriting)
        {
            return;
        }

        if (_next is { } flushed)
        {
            (_next, _isWriting) = (null, true);
            Task.Run(() => Show(flushed)).PipeTo(Self, success: () => new Shown(null), failure: cause => new Shown(cause));
            return;
        }

        _closer?.Tell(OutputClosed.Instance);
        _closer = null;
    }

    private void OnShown(Shown shown)
    {
        if (shown.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        _isWriting = false;
        _stage.Out(1);
        ShowNext();
    }

    private void Close()
    {
        _closer = Sender;
        ShowNext();
    }

    private void Lose(string reason, int tables)
    {
        if (tables > 0)
        {
            _stage.Lost(reason, tables);
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

    /// <summary>Writing thread -> table output: the table is out, or why not.</summary>
    private sealed record Shown(Exception? Failure) : INoSerializationVerificationNeeded;
}
