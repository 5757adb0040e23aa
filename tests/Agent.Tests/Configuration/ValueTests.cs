using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Tests.Configuration;

public sealed class ValueTests
{
    [Theory]
    [InlineData("60s", 60_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("500ms", 500)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("1000000us", 1_000)]
    [InlineData("2m0.5s", 120_500)]
    public void A_duration_is_read_as_Go_reads_it(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("60")]
    [InlineData("s")]
    [InlineData("1 m")]
    [InlineData("-5s")]
    [InlineData("1.2.3s")]
    [InlineData("5d")]
    public void Anything_else_is_no_duration(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(90, "1m30s")]
    [InlineData(1800, "30m")]
    [InlineData(0, "0s")]
    [InlineData(90000, "25h")]
    public void A_duration_is_written_the_short_way(int seconds, string text) => Assert.Equal(text, Durations.Write(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("2MB", 2_000_000)]
    [InlineData("2MiB", 2_097_152)]
    [InlineData("2GB", 2_000_000_000)]
    [InlineData("2GiB", 2_147_483_648)]
    [InlineData("1k", 1_000)]
    [InlineData("1.5kib", 1_536)]
    [InlineData("4 gib", 4_294_967_296)]
    public void A_size_is_read_by_the_references_rules(string text, long bytes)
    {
        Assert.True(ByteSizes.TryParse(text, out var size));
        Assert.Equal(bytes, size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("12")]
    [InlineData("-1MB")]
    [InlineData("1TB")]
    [InlineData("99999999999999999999GB")]
    public void Anything_else_is_no_size(string text) => Assert.False(ByteSizes.TryParse(text, out _));

    [Theory]
    [InlineData("intervall", "interval")]
    [InlineData("Interval", "interval")]
    [InlineData("ipv6-disabled", "ipv6_disabled")]
    [InlineData("zzz", null)]
    public void The_nearest_name_is_suggested(string wrong, string? near) =>
        Assert.Equal(near, Suggestion.Nearest(wrong, ["interval", "ipv6_disabled", "log"]));
}
