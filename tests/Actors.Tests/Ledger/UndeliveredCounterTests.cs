using Akka.Actor;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Ledger;

public sealed class UndeliveredCounterTests() : TestKit(VirtualTime.Config)
{
    [Fact]
    public async Task A_batch_for_the_dead_is_counted_and_gives_its_credit_back()
    {
        var (ledger, credits) = (new FlowLedger(), new CreditGate(1));
        await Sys.ActorOf(UndeliveredCounter.Props(ledger)).Barrier();

        Sys.DeadLetters.Tell(Some.Batch(ledger, credits, Some.Delta(), Some.Delta()));
        await Eventually.HoldsAsync(() => credits.UnderWay == 0);
        Sys.DeadLetters.Tell(Some.Batch(ledger, credits, Some.Exchange(), Some.Exchange(count: 0)));
        Sys.DeadLetters.Tell(new WritePoints(PointEndpoint.Netflow, [[1], [2], [3]]));

        await Eventually.HoldsAsync(() => credits.UnderWay == 0 && ledger.Snapshot().Sum(e => e.Lost.Values.Sum()) == 6);
        ledger.HttpEntry().Lost.ShouldBe(new Dictionary<string, long> { ["undeliverable"] = 1 });
        ledger.Snapshot().ShouldAllBe(e => e.InFlight == 0);
    }
}
