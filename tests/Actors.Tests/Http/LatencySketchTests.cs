using EbpfActors.Actors.Http;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Http;

public sealed class LatencySketchTests
{
    [Fact]
    public void Quantiles_are_at_most_a_sixteenth_above_the_truth()
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, 10_000).Select(_ => (ulong)Math.Exp(8 + (random.NextDouble() * 14))).ToArray();
        var sketch = Of(values);
        Array.Sort(values);

        var summary = sketch.Summarise();

        summary.Count.ShouldBe(10_000);
        foreach (var (quantile, at) in new[] { (summary.P50, 0.50), (summary.P95, 0.95), (summary.P99, 0.99) })
        {
            var truth = values[(int)(values.Length * at) - 1] / 1000;
            (quantile / 1000.0).ShouldBeInRange(truth, (truth * 17.0 / 16) + 1);
        }
    }

    [Fact]
    public void Sketches_of_several_hosts_add_up_through_their_encoding()
    {
        var here = Of(1_000_000, 2_000_000);
        var there = Of(3_000_000, 900_000_000);

        var sum = LatencySketch.Decode(here.Summarise().Sketch.AsSpan());
        sum.ShouldNotBeNull().Add(LatencySketch.Decode(there.Summarise().Sketch.AsSpan())!);

        sum.Summarise().ShouldSatisfyAllConditions(
            s => s.Count.ShouldBe(4),
            s => s.P50.ShouldBeInRange(2_000_000ul, 2_125_000ul),
            s => s.P99.ShouldBeInRange(900_000_000ul, 956_250_000ul));
        sum.Summarise().Sketch.ShouldBe(Of(1_000_000, 2_000_000, 3_000_000, 900_000_000).Summarise().Sketch);
    }

    [Fact]
    public void What_is_shorter_or_longer_than_it_can_tell_counts_as_its_ends()
    {
        var sketch = Of(0, ulong.MaxValue);

        sketch.Summarise().P50.ShouldBe(1_000ul);
        sketch.Summarise().P99.ShouldBeGreaterThanOrEqualTo(3_600_000_000_000ul);
    }

    [Fact]
    public void An_empty_sketch_says_nothing_and_a_cleared_one_is_empty()
    {
        var sketch = Of(5_000);
        sketch.Clear();

        sketch.Summarise().ShouldBe(LatencySummary.Nothing);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("1C849303FFFFFFFF0000000000000001000000000000000100000000D693A4003FF000000000000002")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    public void Bytes_that_are_no_sketch_are_refused(string hex) =>
        LatencySketch.Decode(Convert.FromHexString(hex)).ShouldBeNull();

    private static LatencySketch Of(params ReadOnlySpan<ulong> nanoseconds)
    {
        var sketch = new LatencySketch();
        foreach (var value in nanoseconds)
        {
            sketch.Record(value);
        }

        return sketch;
    }
}
