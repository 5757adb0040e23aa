using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class FlowTotalsTests
{
    [Fact]
    public void Round_trip_times_are_means_over_the_records_that_knew_one()
    {
        var totals = FlowTotals.Of(Some.Delta(rtt: 100, rttVar: 11))
            + FlowTotals.Of(Some.Delta(rtt: 0, rttVar: 999))
            + FlowTotals.Of(Some.Delta(rtt: 201, rttVar: 20));

        totals.Records.ShouldBe(3);
        totals.Rtt.ShouldBe(150UL);
        totals.RttVar.ShouldBe(15UL);
    }

    [Fact]
    public void Five_gibibytes_in_one_flow_are_five_gibibytes()
    {
        const ulong Gibibyte = 1UL << 30;
        var totals = Enumerable.Repeat(FlowTotals.Of(Some.Delta(read: Gibibyte, written: 2 * Gibibyte)), 5).Aggregate((a, b) => a + b);

        totals.BytesRead.ShouldBe(5_368_709_120UL);
        totals.BytesWritten.ShouldBe(10_737_418_240UL);
        NetflowPoint.Fields(Some.Key(), totals).ShouldContain(f => f.Key == "bytes_read" && f.Value == 5_368_709_120L);
    }

    [Fact]
    public void A_counter_beyond_the_field_s_width_stays_positive() =>
        NetflowPoint.Fields(Some.Key(), new FlowTotals { BytesRead = ulong.MaxValue })[0].Value.ShouldBe(long.MaxValue);
}
