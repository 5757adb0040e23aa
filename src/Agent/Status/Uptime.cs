namespace EbpfActors.Agent.Status;

/// <summary>Since when the agent runs: the moment by the wall clock, and how long by one that nobody sets.</summary>
internal sealed class Uptime(TimeProvider time)
{
    private readonly long _from = time.GetTimestamp();

    public DateTimeOffset StartedAt { get; } = time.GetLocalNow();

    public TimeSpan Elapsed => time.GetElapsedTime(_from);
}
