using System.Text;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Bash.Redaction;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

public sealed class BashProbeActorTests : TestKit
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    private readonly FlowLedger _ledger = new();
    private readonly FakeShells _shells = new();
    private readonly TestProbe _parent;

    public BashProbeActorTests()
        : base(VirtualTime.Config) => _parent = CreateTestProbe();

    private LedgerEntry Ledger => _ledger.Stage(LedgerStages.Bash, "commands").Snapshot();

    [Fact]
    public async Task Points_leave_at_the_interval_and_not_before()
    {
        var probe = await Start();
        _shells.Type("ls", "pwd");
        await Arrived(probe, 2);

        Sys.Advance(Interval - TimeSpan.FromSeconds(1));
        await probe.Barrier();
        _parent.HasMessages.ShouldBeFalse();
        Sys.Advance(TimeSpan.FromSeconds(1));

        var points = await _parent.ExpectMsgAsync<WritePoints>();
        points.Endpoint.ShouldBe(new PointEndpoint("/v1/write/logging", "ebpf-bash"));
        points.Lines.Length.ShouldBe(2);
        await probe.Barrier(); // the points are entered behind the message that carries them
        (Ledger.In, Ledger.Out, Ledger.InFlight).ShouldBe((2, 2, 0));
    }

    [Fact]
    public async Task A_full_cache_leaves_at_once_in_order()
    {
        await Start();

        _shells.Type([.. Enumerable.Range(0, 130).Select(i => $"echo {i}")]);

        var points = await _parent.ExpectMsgAsync<WritePoints>();
        points.Lines.Length.ShouldBe(128);
        points.Lines.Select((line, i) => Encoding.UTF8.GetString(line).Contains($"cmd=\"echo {i}\"", StringComparison.Ordinal)).ShouldAllBe(right => right);
        await Eventually.HoldsAsync(() => Ledger is { In: 130, Out: 128, InFlight: 2 }, () => $"{Ledger}");
    }

    [Fact]
    public async Task The_last_flush_takes_what_was_typed_just_before()
    {
        var probe = await Start();
        _shells.Type("shutdown -h now");

        probe.Tell(FlushNow.Instance);

        (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Length.ShouldBe(1);
        await _parent.ExpectMsgAsync<FlushFinished>();
    }

    [Fact]
    public async Task Secrets_do_not_leave()
    {
        var probe = await Start();
        _shells.Type("mysql -phunter2");

        probe.Tell(FlushNow.Instance);

        var line = Encoding.UTF8.GetString((await _parent.ExpectMsgAsync<WritePoints>()).Lines[0]);
        line.ShouldContain("cmd=\"mysql -p******\"");
        line.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task A_line_that_cannot_be_searched_for_secrets_is_hidden_and_takes_no_other_with_it()
    {
        var probe = await Start(redact: (_, text, _) => text == "bad" ? throw new InvalidOperationException(text) : text);
        _shells.Type("ls", "bad", "pwd");

        probe.Tell(FlushNow.Instance);

        var lines = (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Select(l => Encoding.UTF8.GetString(l)).ToList();
        lines.Count.ShouldBe(3);
        lines[1].ShouldContain("cmd=\"******\"");
        lines[1].ShouldNotContain("bad");
        lines[2].ShouldContain("cmd=\"pwd\"");
        _ledger.Stage("line-protocol", "values").Snapshot().Lost["command-hidden"].ShouldBe(1);
    }

    [Fact]
    public async Task A_line_is_cut_behind_its_secrets_and_a_longer_mask_does_not_make_it_longer()
    {
        var probe = await Start(commandLength: 64);
        _shells.Type("echo hunter2" + new string(' ', 60) + "| docker login --password-stdin", "TOKEN=a ü" + new string('x', 54));

        probe.Tell(FlushNow.Instance);

        var lines = (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Select(l => Encoding.UTF8.GetString(l)).ToList();
        lines[0].ShouldContain("cmd=\"echo ******" + new string(' ', 53) + "\"");
        lines[1].ShouldContain("cmd=\"TOKEN=****** ü" + new string('x', 49) + "\"");
        lines.ShouldAllBe(l => l.Contains("truncated=true", StringComparison.Ordinal) && !l.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_that_the_kernel_cut_does_not_end_in_a_secret()
    {
        var probe = await Start();
        _shells.Type(new ShellCommand(1_700_000_000_000_000_000, 1234, "alice", "curl https://me:hunt", IsCut: true));

        probe.Tell(FlushNow.Instance);

        Encoding.UTF8.GetString((await _parent.ExpectMsgAsync<WritePoints>()).Lines[0]).ShouldContain("cmd=\"curl https://me:******\"");
    }

    [Fact]
    public async Task Blank_lines_are_left_out_and_losses_of_the_kernel_are_counted()
    {
        var probe = await Start();
        _shells.Losses = [new ProbeLoss("bash-ring-full", 3, 0)];
        _shells.Type("   ", "ls");

        probe.Tell(FlushNow.Instance);

        (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Length.ShouldBe(1);
        await _parent.ExpectMsgAsync<FlushFinished>();
        Ledger.Filtered["blank"].ShouldBe(1);
        Ledger.Lost["bash-ring-full"].ShouldBe(3);
        (Ledger.In, Ledger.Out, Ledger.InFlight).ShouldBe((5, 1, 0));
    }

    [Fact]
    public async Task A_stop_detaches_and_counts_what_was_not_handed_over()
    {
        var probe = await Start();
        _shells.Type("ls");
        await Arrived(probe, 1);

        await WatchAsync(probe);
        Sys.Stop(probe);
        await ExpectTerminatedAsync(probe);

        _shells.Detached.ShouldBe(1);
        Ledger.Lost["probe-stopped"].ShouldBe(1);
    }

    [Fact]
    public async Task A_probe_that_throws_ends_its_actor_which_hands_over_what_it_has_and_is_detached()
    {
        var probe = await Start();
        _shells.Type("pwd");
        await Arrived(probe, 1);
        await WatchAsync(probe);
        _shells.OnDrain = new BpfException("read the ring buffer", Errno.Again);

        _shells.Type("ls");

        await ExpectTerminatedAsync(probe);
        (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Length.ShouldBe(1);
        _shells.Detached.ShouldBe(1);
    }

    [Fact]
    public async Task The_status_tells_the_files_that_are_attached_now()
    {
        var probe = await Start();

        var status = await probe.Ask<ProbeStatus>(GetProbeStatus.Instance, Eventually.Patience);

        status.Name.ShouldBe("bash");
        status.Hooks.ShouldHaveSingleItem().Hook.ShouldBe("readline in /bin/bash");
    }

    private async Task<IActorRef> Start(int commandLength = 4096, Redactor? redact = null)
    {
        var options = new BashPluginOptions
        {
            Create = _shells.Probe,
            Identity = new PointIdentity("node-1", "ebpf", []),
            Interval = Interval,
            CommandLength = commandLength,
            Redactor = () => redact ?? new SecretRedactor(RedactionOptions.Default).Redact,
            Time = TimeProvider.System,
            StopDeadline = Eventually.Patience,
        };
        var probe = _parent.ChildActorOf(Props.CreateBy(new StoppedByFailure(options, _ledger)));
        await _parent.ExpectMsgAsync<ProbeReady>();
        return probe;
    }

    private async Task Arrived(IActorRef probe, int commands)
    {
        await Eventually.HoldsAsync(() => Ledger.In == commands);
        await probe.Barrier();
    }

    /// <summary>What supervision does in the tree: a failure stops it.</summary>
    private sealed class StoppedByFailure(BashPluginOptions options, FlowLedger ledger) : IIndirectActorProducer
    {
        public Type ActorType => typeof(BashProbeActor);

        public ActorBase Produce() => new BashProbeActor(options, ledger);

        public void Release(ActorBase actor)
        {
        }
    }
}
