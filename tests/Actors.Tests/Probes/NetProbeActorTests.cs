using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Probes;

public sealed class NetProbeActorTests : TestKit
{
    private readonly FlowLedger _ledger = new();
    private readonly FakeKernel _kernel = new();
    private readonly TestProbe _parent;

    public NetProbeActorTests()
        : base(VirtualTime.Config) => _parent = CreateTestProbe();

    [Fact]
    public async Task A_sweep_sends_what_is_closed_and_what_is_open_before_it_is_done()
    {
        var probe = await Start();
        _kernel.Open(Some.DeltaOfPid(1));
        _kernel.Close(Some.DeltaOfPid(2));

        probe.Tell(new RequestSweep(7));

        var pids = new List<uint>();
        var last = await _parent.FishForMessageAsync(m =>
        {
            pids.AddRange(m is FlowBatch batch ? batch.Items.ToArray().Select(i => i.Key.Pid) : []);
            return m is SweepDone;
        });
        last.ShouldBe(new SweepDone(7));
        pids.ShouldBe([2u, 1u]);
        _kernel.Drained.ShouldBe(2);
        _ledger.FlowsEntry().InFlight.ShouldBe(2);
    }

    [Fact]
    public async Task Without_credits_the_reader_stops_draining_until_a_batch_is_done_with()
    {
        await Start(credits: 2);
        var batches = new List<FlowBatch>();
        foreach (var pid in new uint[] { 1, 2 })
        {
            _kernel.Close(Some.DeltaOfPid(pid));
            batches.Add(await _parent.ExpectMsgAsync<FlowBatch>());
        }

        _kernel.Close(Some.DeltaOfPid(3));
        await Eventually.HoldsAsync(() => _kernel.Drained == 3);
        _kernel.Close(Some.DeltaOfPid(4), Some.DeltaOfPid(5));
        await _parent.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
        _kernel.Drained.ShouldBe(3);

        batches.ForEach(b => b.Dispose());

        (await _parent.ExpectMsgAsync<FlowBatch>()).Items[0].Key.Pid.ShouldBe(3u);
        (await _parent.ExpectMsgAsync<FlowBatch>()).Load.Records.ShouldBe(2);
    }

    [Fact]
    public async Task A_stop_while_the_reader_waits_for_a_credit_detaches_and_counts_the_rest_as_lost()
    {
        var probe = await Start(credits: 1);
        _kernel.Close(Some.DeltaOfPid(1));
        await _parent.ExpectMsgAsync<FlowBatch>();
        _kernel.Close(Some.DeltaOfPid(2));
        await Eventually.HoldsAsync(() => _kernel.Drained == 2);

        await WatchAsync(probe);
        Sys.Stop(probe);
        await ExpectTerminatedAsync(probe);

        _kernel.Detached.ShouldBe(1);
        _ledger.FlowsEntry().Lost.ShouldBe(new Dictionary<string, long> { ["probe-stopped"] = 1 });
    }

    [Fact]
    public async Task A_probe_that_could_do_better_hands_over_what_the_kernel_holds_and_ends()
    {
        var probe = await Start();
        _kernel.Open(Some.DeltaOfPid(1));
        _kernel.Better = "cgroup2 is mounted";

        await WatchAsync(probe);
        _kernel.Close(Some.DeltaOfPid(2));
        await ExpectTerminatedAsync(probe);

        var pids = new List<uint>();
        while (_parent.HasMessages)
        {
            pids.AddRange(_parent.ReceiveOne(TimeSpan.Zero) is FlowBatch batch ? batch.Items.ToArray().Select(i => i.Key.Pid) : []);
        }

        pids.Order().ShouldBe([1u, 2u]);
        _kernel.Detached.ShouldBe(1);
        _ledger.FlowsEntry().Lost.ShouldBeEmpty();
    }

    [Fact]
    public async Task Http_exchanges_come_in_the_same_batches()
    {
        await Start();

        _kernel.Answer(Some.Exchange(path: "/a"), Some.Exchange(path: "/a"));

        using var batch = await _parent.ExpectMsgAsync<FlowBatch>();
        batch.Load.ShouldBe(new FlowLoad(0, 2, 2));
        batch.Http[0].Key.ShouldBe(Some.Key());
        _ledger.HttpEntry().InFlight.ShouldBe(2);
    }

    [Fact]
    public async Task The_status_tells_hooks_and_counters()
    {
        var probe = await Start();
        _kernel.Close(Some.Delta());
        await _parent.ExpectMsgAsync<FlowBatch>();

        var status = await probe.Ask<ProbeStatus>(GetProbeStatus.Instance, Eventually.Patience);

        (status.Name, status.State, status.Problem).ShouldBe(("net", "attached", ""));
        status.Hooks.Single().Hook.ShouldBe("tcp-state");
        status.Counters.Records.ShouldBe(1);
    }

    [Fact]
    public async Task Names_that_had_to_make_room_stand_in_the_status_and_the_ledger()
    {
        var probe = await Start();
        _kernel.Name([.. Enumerable.Range(0, 66).Select(i => new DomainObservation(1, 7, default, $"{i}.test", TimeSpan.FromMinutes(1), 1))]);

        probe.Tell(new RequestSweep(7));
        await _parent.FishForMessageAsync(m => m is SweepDone);

        var status = await probe.Ask<ProbeStatus>(GetProbeStatus.Instance, Eventually.Patience);
        status.Counters.Losses.ShouldBe([new ProbeLoss("domain-names-full", 2, 0)]);
        _ledger.Stage(LedgerStages.Kernel, "records").Snapshot().Lost.ShouldBe(new Dictionary<string, long> { ["domain-names-full"] = 2 });
    }

    private async Task<IActorRef> Start(int credits = 8)
    {
        var options = new NetPluginOptions { Create = _kernel.Probe, Credits = credits, RestBetweenDrains = TimeSpan.Zero, GatherFor = TimeSpan.Zero, AskBetter = TimeSpan.Zero, StopDeadline = Eventually.Patience };
        var probe = _parent.ChildActorOf(NetProbeActor.Props(options, _ledger), SupervisorStrategy.StoppingStrategy);
        await _parent.ExpectMsgAsync<ProbeReady>();
        return probe;
    }
}
