using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Outputs;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Spectre.Console;
using Xunit;

namespace EbpfActors.Actors.Tests.Outputs;

public sealed class TableOutputTests : TestKit
{
    private readonly FlowLedger _ledger = new();
    private readonly BlockedWriter _terminal = new();
    private readonly IActorRef _output;

    public TableOutputTests()
        : base(VirtualTime.Config)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_terminal) });
        _output = Sys.ActorOf(TableOutput.Props("node-1", console, _ledger));
    }

    private LedgerEntry Account => _ledger.Snapshot().Single(e => e.Stage == "output table");

    [Fact]
    public async Task Behind_a_terminal_that_takes_nothing_only_the_newest_table_waits()
    {
        for (var second = 1; second <= 50; second++)
        {
            _output.Tell(Table(second));
        }

        await Eventually.HoldsAsync(() => Account is { In: 50, Out: 0, InFlight: 2 });
        Account.Lost.ShouldBe(new Dictionary<string, long> { ["output-slow"] = 48 });
        _output.Tell(CloseOutput.Instance);
        _terminal.Unblock();
        await ExpectMsgAsync<OutputClosed>();

        Account.ShouldSatisfyAllConditions(a => a.Out.ShouldBe(2), a => a.InFlight.ShouldBe(0));
        _terminal.Text.ShouldContain("node-1  00:00:01");
        _terminal.Text.ShouldContain("node-1  00:00:50");
        _terminal.Text.ShouldNotContain("node-1  00:00:49");
    }

    [Fact]
    public async Task A_table_that_was_not_shown_at_the_end_is_counted()
    {
        _output.Tell(Table(1));
        _output.Tell(Table(2));
        await Eventually.HoldsAsync(() => Account.InFlight == 2);

        await WatchAsync(_output);
        Sys.Stop(_output);
        await ExpectTerminatedAsync(_output);

        Account.Lost.ShouldBe(new Dictionary<string, long> { ["output-stopped"] = 2 });
        _terminal.Unblock();
    }

    private static FlushedFlows Table(int second) => new(DateTimeOffset.UnixEpoch.AddSeconds(second), TimeSpan.FromSeconds(1), []);

    private sealed class BlockedWriter : TextWriter
    {
        private readonly ManualResetEventSlim _isOpen = new();
        private readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public string Text => _text.ToString();

        public void Unblock() => _isOpen.Set();

        public override void Write(char value)
        {
            _isOpen.Wait();
            _text.Append(value);
        }
    }
}
