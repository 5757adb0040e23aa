using Akka.Event;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Ledger;

public sealed class LossReporterTests() : TestKit(VirtualTime.Config)
{
    [Fact]
    public async Task A_minute_with_losses_is_one_line_and_one_without_is_none()
    {
        var ledger = new FlowLedger();
        var stage = ledger.Stage("flows", "records");
        var reporter = Sys.ActorOf(LossReporter.Props(ledger));
        await reporter.Barrier();

        Sys.EventStream.Subscribe(TestActor, typeof(Warning));

        stage.Lost("too-many-keys", 3);
        await Minute();
        stage.Filtered("loopback", 100);
        await Minute();
        stage.Lost("too-many-keys", 2);
        await Minute();

        (await ExpectMsgAsync<Warning>()).ToString().ShouldEndWith("Lost since the last report: 3 records of flows (too-many-keys)");
        (await ExpectMsgAsync<Warning>()).ToString().ShouldEndWith("Lost since the last report: 2 records of flows (too-many-keys)");

        async Task Minute()
        {
            Sys.Advance(TimeSpan.FromMinutes(1));
            await reporter.Barrier();
        }
    }
}
