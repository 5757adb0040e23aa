using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;

namespace EbpfActors.Actors.Tests.Flush;

/// <summary>The flush scheduler with real aggregators, between a kernel that has nothing to sweep and a parent that keeps what it gets.</summary>
internal sealed class RealFlush
{
    private readonly TestProbe _parent;

    public RealFlush(TestKit kit, FlushOptions options)
    {
        _parent = kit.CreateTestProbe();
        Scheduler = _parent.ChildActorOf(FlushScheduler.Props(options, Some.Renderers(), Ledger, TimeProvider.System));
    }

    public IActorRef Scheduler { get; }

    public FlowLedger Ledger { get; } = new();

    public CreditGate Credits { get; } = new(1000);

    /// <summary>Hands over a batch and waits until it is in.</summary>
    public async Task Feed(FlowBatch batch)
    {
        Scheduler.Tell(batch);
        await Scheduler.Barrier();
    }

    /// <summary>One flush and what it wrote.</summary>
    public async Task<(IReadOnlyList<WritePoints> Points, FlushedFlows Flushed)> Flush()
    {
        Scheduler.Tell(FlushNow.Instance, ActorRefs.NoSender);
        var points = new List<WritePoints>();
        var flushed = await _parent.FishForMessageAsync(m =>
        {
            if (m is RequestSweep sweep)
            {
                Scheduler.Tell(new SweepDone(sweep.FlushId));
            }

            points.AddRange(m is WritePoints write ? [write] : []);
            return m is FlushedFlows;
        });
        return (points, (FlushedFlows)flushed);
    }

    public Task<FlushStatus> Status() => Scheduler.Ask<FlushStatus>(GetFlushStatus.Instance, Eventually.Patience);
}
