using Akka.TestKit.Xunit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
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

        stage.Lost("too-many-keys", 3);
        await EventFilter.Warning("Lost in the last minute: 3 records of flows (too-many-keys)").ExpectOneAsync(Minute);
        stage.Filtered("loopback", 100);
        await EventFilter.Warning(start: "Lost").ExpectAsync(0, Minute);
        stage.Lost("too-many-keys", 2);
        await EventFilter.Warning("Lost in the last minute: 2 records of flows (too-many-keys)").ExpectOneAsync(Minute);

        async Task Minute()
        {
            Sys.Advance(TimeSpan.FromMinutes(1));
            await reporter.Barrier();
        }
    }
}
