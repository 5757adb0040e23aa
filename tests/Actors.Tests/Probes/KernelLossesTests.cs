using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Probes;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Probes;

public sealed class KernelLossesTests
{
    [Fact]
    public void What_a_probe_counts_enters_the_ledger_once_lost_and_left_out_apart()
    {
        var stage = new FlowLedger().Stage("kernel", "records");
        var losses = new KernelLosses(stage);

        losses.Enter(new ProbeCounters(10, [new("ring-full", 3, 0)], []) { LeftOut = [new("dns-late", 2, 0)] });
        losses.Enter(new ProbeCounters(15, [new("ring-full", 4, 0)], []) { LeftOut = [new("dns-late", 2, 0), new("dns-unasked", 1, 0)] });

        var entry = stage.Snapshot();
        (entry.In, entry.Out, entry.InFlight).ShouldBe((22, 15, 0));
        entry.Lost.ShouldBe(new Dictionary<string, long> { ["ring-full"] = 4 });
        entry.Filtered.ShouldBe(new Dictionary<string, long> { ["dns-late"] = 2, ["dns-unasked"] = 1 }, ignoreOrder: true);
    }
}
