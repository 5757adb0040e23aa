using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flush;

public sealed class FlushSchedulerTests : TestKit
{
    private static readonly FlushOptions Options = new()
    {
        Interval = TimeSpan.FromSeconds(10),
        IdleAfter = TimeSpan.FromSeconds(60),
        PhaseDeadline = TimeSpan.FromSeconds(3),
        MaxKeys = 3,
        CrowdFrom = 2,
    };

    private readonly FlowLedger _ledger = new();
    private readonly CreditGate _credits = new(1000);
    private readonly TestProbe _parent;
    private readonly IActorRef _scheduler;

    public FlushSchedulerTests()
        : base(VirtualTime.Config)
    {
        _parent = CreateTestProbe();
        _scheduler = _parent.ChildActorOf(FlushScheduler.Props(Options, Some.Renderers(), _ledger, TimeProvider.System));
    }

    [Fact]
    public async Task A_flush_sweeps_first_and_then_hands_over_everything_with_one_timestamp()
    {
        await Feed(Some.DeltaOfPid(1), Some.DeltaOfPid(2));

        var sweep = await Tick();
        await Feed(Some.DeltaOfPid(1), Some.DeltaOfPid(3));
        _scheduler.Tell(new SweepDone(sweep.FlushId));

        var points = await _parent.ExpectMsgAsync<WritePoints>();
        points.Lines.Select(Timestamp).Distinct().Count().ShouldBe(1);
        var flushed = await _parent.ExpectMsgAsync<FlushedFlows>();
        flushed.Flows.Select(f => (f.Key.Pid, f.Totals.BytesRead)).ShouldBe([(1u, 20ul), (2u, 10ul), (3u, 10ul)], ignoreOrder: true);
        await ShouldBalance(inFlight: 0, lost: 0);
        _credits.UnderWay.ShouldBe(0);
    }

    [Fact]
    public async Task A_tick_during_a_flush_is_counted_and_not_stacked()
    {
        var sweep = await Tick();
        _scheduler.Tell(FlushTick.Instance);
        _scheduler.Tell(FlushTick.Instance);
        _scheduler.Tell(new SweepDone(sweep.FlushId));

        await _parent.ExpectMsgAsync<FlushedFlows>();
        var status = await Status();
        _parent.HasMessages.ShouldBeFalse();
        (status.Flushes, status.TicksSkipped).ShouldBe((1, 2));
    }

    [Fact]
    public async Task A_probe_that_does_not_answer_ends_the_sweep_after_its_deadline()
    {
        await Feed(Some.Delta());
        var sweep = await Tick();

        Sys.Advance(Options.PhaseDeadline);

        (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Length.ShouldBe(1);
        await _parent.ExpectMsgAsync<FlushedFlows>();
        _scheduler.Tell(new SweepDone(sweep.FlushId));
        (await Status()).SweepsMissed.ShouldBe(1);
    }

    [Fact]
    public async Task A_crashed_aggregator_costs_exactly_what_it_held_and_does_not_hang_the_flush()
    {
        var poison = Some.Delta(Some.Flow(process: PlainRenderer.Poison));
        await Feed(poison, poison, Some.DeltaOfPid(1));

        await Flush();

        (await _parent.ExpectMsgAsync<WritePoints>()).Lines.Length.ShouldBe(1);
        await _parent.ExpectMsgAsync<FlushedFlows>();
        _ledger.FlowsEntry().Lost.ShouldBe(new Dictionary<string, long> { ["aggregator-crashed"] = 2 });
        await ShouldBalance(inFlight: 0, lost: 2);
        (await Status()).Aggregators.ShouldBe(1);
    }

    [Fact]
    public async Task Keys_beyond_the_limit_are_counted_as_lost()
    {
        await Feed(Some.DeltaOfPid(1), Some.DeltaOfPid(2), Some.DeltaOfPid(3), Some.DeltaOfPid(4), Some.DeltaOfPid(4));

        _ledger.FlowsEntry().Lost.ShouldBe(new Dictionary<string, long> { ["too-many-keys"] = 2 });
        await ShouldBalance(inFlight: 3, lost: 2);
    }

    [Fact]
    public async Task An_idle_aggregator_is_let_go_and_made_again_for_the_next_record()
    {
        await Feed(Some.Delta());
        await FlushAndSum();
        for (var i = 0; i < 6; i++)
        {
            (await Status()).Aggregators.ShouldBe(1);
            await FlushAndSum();
        }

        await FlushAndSum();
        (await Status()).Aggregators.ShouldBe(0);
        await Feed(Some.Delta());

        (await Status()).Aggregators.ShouldBe(1);
        (await FlushAndSum()).ShouldBe(10UL);
    }

    [Fact]
    public async Task Aggregators_are_asked_a_few_at_a_time_and_lines_leave_when_there_are_enough_for_a_message()
    {
        var parent = CreateTestProbe();
        var options = Options with { MaxKeys = 10, AskedAtOnce = 2, LinesPerWrite = 3, ShowsFlows = false };
        var scheduler = parent.ChildActorOf(FlushScheduler.Props(options, Some.Renderers(), _ledger, TimeProvider.System));
        scheduler.Tell(Some.Batch(_ledger, _credits, [.. Enumerable.Range(1, 10).Select(pid => Some.DeltaOfPid((uint)pid))]));

        scheduler.Tell(FlushNow.Instance, ActorRefs.NoSender);
        scheduler.Tell(new SweepDone((await parent.ExpectMsgAsync<RequestSweep>()).FlushId));

        var lines = new List<int>();
        var last = await parent.FishForMessageAsync(m =>
        {
            lines.AddRange(m is WritePoints points ? [points.Lines.Length] : []);
            return m is FlushedFlows;
        });
        lines.ShouldBe([3, 3, 3, 1]);
        ((FlushedFlows)last).Flows.ShouldBeEmpty();
        await ShouldBalance(_ledger.FlowsEntry().InFlight, lost: 0);
        _ledger.FlowsEntry().Out.ShouldBe(10);
    }

    [Fact]
    public async Task In_a_crowd_those_who_have_nothing_for_a_flush_make_room()
    {
        await Feed(Some.DeltaOfPid(1), Some.DeltaOfPid(2));
        await FlushAndSum();
        await Feed(Some.DeltaOfPid(2));
        await FlushAndSum();

        await FlushAndSum();

        (await Status()).Aggregators.ShouldBe(1);
        await ShouldBalance(inFlight: 0, lost: 0);
    }

    [Fact]
    public async Task In_a_crowd_a_key_whose_connections_have_ended_makes_room_at_once()
    {
        await Feed(Some.DeltaOfPid(1), Some.DeltaOfPid(2) with { Closed = 1 });

        await FlushAndSum();

        (await Status()).Aggregators.ShouldBe(1);
        await ShouldBalance(inFlight: 0, lost: 0);
    }

    [Fact]
    public async Task A_last_flush_waits_for_the_running_one_and_runs_with_short_deadlines()
    {
        var sweep = await Tick();
        var asker = CreateTestProbe();
        _scheduler.Tell(FlushNow.Instance, asker);
        await _scheduler.Barrier();
        Sys.Advance(Options.FinalPhaseDeadline);
        await _parent.ExpectMsgAsync<FlushedFlows>();

        var last = await _parent.ExpectMsgAsync<RequestSweep>();
        last.FlushId.ShouldBe(sweep.FlushId + 1);
        await _scheduler.Barrier();
        asker.HasMessages.ShouldBeFalse();
        Sys.Advance(Options.FinalPhaseDeadline);

        await asker.ExpectMsgAsync<FlushFinished>();
    }

    [Fact]
    public async Task After_the_last_flush_no_tick_comes()
    {
        _scheduler.Tell(FlushNow.Instance, CreateTestProbe());
        var last = await _parent.ExpectMsgAsync<RequestSweep>();
        _scheduler.Tell(new SweepDone(last.FlushId));
        await _parent.ExpectMsgAsync<FlushedFlows>();

        Sys.Advance(Options.Interval * 3);
        await _scheduler.Barrier();

        _parent.HasMessages.ShouldBeFalse();
    }

    [Fact]
    public async Task A_stopped_scheduler_counts_what_it_held_as_lost()
    {
        await Feed(Some.DeltaOfPid(1), Some.DeltaOfPid(2));
        await WatchAsync(_scheduler);

        Sys.Stop(_scheduler);
        await ExpectTerminatedAsync(_scheduler);

        _ledger.FlowsEntry().Lost.ShouldBe(new Dictionary<string, long> { ["flush-stopped"] = 2 });
        _ledger.FlowsEntry().InFlight.ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2026)]
    [InlineData(987_654_321)]
    public async Task Whatever_happens_the_sums_and_the_ledger_agree(int seed)
    {
        var random = new Random(seed);
        var (fed, seen) = (0UL, 0UL);
        for (var round = 0; round < 60; round++)
        {
            var deltas = Enumerable.Range(0, random.Next(1, 20))
                .Select(_ => Some.DeltaOfPid((uint)random.Next(1, 4), read: (ulong)random.NextInt64(1, 1L << 33))).ToArray();
            fed = deltas.Aggregate(fed, (sum, d) => sum + d.BytesRead);
            await Feed(deltas);
            await ShouldBalance(inFlight: (await Status()).RecordsHeld, lost: 0);
            if (random.Next(3) == 0)
            {
                seen += await FlushAndSum();
            }

            Sys.Advance(TimeSpan.FromSeconds(0.1 * random.Next(3)));
        }

        (seen + await FlushAndSum()).ShouldBe(fed);
        await ShouldBalance(inFlight: 0, lost: 0);
    }

    private async Task<ulong> FlushAndSum()
    {
        _scheduler.Tell(FlushNow.Instance, ActorRefs.NoSender);
        var flushed = await _parent.FishForMessageAsync(m =>
        {
            if (m is RequestSweep sweep)
            {
                _scheduler.Tell(new SweepDone(sweep.FlushId));
            }

            return m is FlushedFlows;
        });
        return ((FlushedFlows)flushed).Flows.Aggregate(0UL, (sum, f) => sum + f.Totals.BytesRead);
    }

    private async Task Feed(params FlowDelta[] deltas)
    {
        _scheduler.Tell(Some.Batch(_ledger, _credits, deltas));
        await _scheduler.Barrier();
    }

    private async Task<RequestSweep> Tick()
    {
        await _scheduler.Barrier();
        Sys.Advance(Options.Interval);
        var sweep = await _parent.ExpectMsgAsync<RequestSweep>();
        await _scheduler.Barrier(); // the deadline of the sweep is set behind the message that asks for it
        return sweep;
    }

    private async Task Flush() => _scheduler.Tell(new SweepDone((await Tick()).FlushId));

    private Task<FlushStatus> Status() => _scheduler.Ask<FlushStatus>(GetFlushStatus.Instance, Eventually.Patience);

    private async Task ShouldBalance(long inFlight, long lost)
    {
        await _scheduler.Barrier();
        var entry = _ledger.FlowsEntry();
        entry.InFlight.ShouldBe(inFlight);
        entry.Lost.Values.Sum().ShouldBe(lost);
        (await Status()).RecordsHeld.ShouldBe(inFlight);
    }

    private static string Timestamp(byte[] line) => System.Text.Encoding.UTF8.GetString(line).Split(' ')[^1];
}
