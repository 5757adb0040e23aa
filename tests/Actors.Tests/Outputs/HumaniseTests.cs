using EbpfActors.Actors.Outputs;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Outputs;

public sealed class HumaniseTests
{
    [Theory]
    [InlineData(0, 1, "")]
    [InlineData(5, 1, "5 B/s")]
    [InlineData(5, 10, "1 B/s")]
    [InlineData(1500, 1, "1.5 kB/s")]
    [InlineData(999_600, 1, "1.0 MB/s")]
    [InlineData(123_456_789, 1, "123 MB/s")]
    [InlineData(5_368_709_120, 60, "89.5 MB/s")]
    public void Rates_have_two_or_three_digits_and_a_unit(ulong bytes, int seconds, string shown) =>
        Humanise.Rate(bytes, TimeSpan.FromSeconds(seconds)).ShouldBe(shown);

    [Theory]
    [InlineData(0, "")]
    [InlineData(999, "999 µs")]
    [InlineData(1830, "1.8 ms")]
    [InlineData(2_500_000, "2.5 s")]
    public void Times_too(ulong micros, string shown) => Humanise.Micros(micros).ShouldBe(shown);

    [Theory]
    [InlineData(0, 10, "")]
    [InlineData(4, 10, "0.4")]
    [InlineData(12_500, 10, "1250")]
    public void Rates_of_counts_have_a_digit_behind_the_point_when_they_are_small(long count, int seconds, string shown) =>
        Humanise.PerSecond(count, TimeSpan.FromSeconds(seconds)).ShouldBe(shown);
}
