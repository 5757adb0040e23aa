namespace EbpfActors.Actors.Supervision;

/// <summary>How long a failed part of the agent rests before it is started again: doubling, with jitter, up to a limit.</summary>
public sealed record BackoffOptions
{
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Longest { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The rest after the first refusal of the kernel in a row: what it refuses seldom changes, and each attempt costs a load.</summary>
    public TimeSpan FirstAfterRefusal { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan LongestAfterRefusal { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Up to this share is added by chance, so that parts that failed together do not return together.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>The rest before the start after <paramref name="failures"/> failures in a row (1 or more).</summary>
    public TimeSpan After(int failures) => Doubled(First, Longest, failures);

    /// <summary>The same when the last of them was a refusal of the kernel.</summary>
    public TimeSpan AfterRefusal(int failures) => Doubled(FirstAfterRefusal, LongestAfterRefusal, failures);

    private TimeSpan Doubled(TimeSpan first, TimeSpan longest, int failures)
    {
        var doubled = first * Math.Pow(2, Math.Min(failures - 1, 30));
        var rest = doubled < longest ? doubled : longest;
#pragma warning disable CA5394 // Chance here spreads load; nothing secret depends on it.
        return rest * (1 + (Jitter * Random.Shared.NextDouble()));
#pragma warning restore CA5394
    }
}
