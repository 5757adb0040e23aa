using EbpfActors.Agent.Status;

namespace EbpfActors.Agent.Tests.Status;

public sealed class UptimeTests
{
    [Fact]
    public void Who_sets_the_clock_does_not_change_how_long_the_agent_runs()
    {
        var clock = new TwoClocks { Wall = DateTimeOffset.UnixEpoch };
        var uptime = new Uptime(clock);

        clock.Wall += TimeSpan.FromDays(-365);
        clock.Monotonic += TimeSpan.FromSeconds(90);

        Assert.Equal(TimeSpan.FromSeconds(90), uptime.Elapsed);
        Assert.Equal(DateTimeOffset.UnixEpoch, uptime.StartedAt);
    }

    private sealed class TwoClocks : TimeProvider
    {
        public DateTimeOffset Wall { get; set; }

        public TimeSpan Monotonic { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Monotonic.Ticks;
    }
}
