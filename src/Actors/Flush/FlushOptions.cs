using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;

namespace EbpfActors.Actors.Flush;

/// <summary>The rhythm and the bounds of the flush.</summary>
public sealed record FlushOptions
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>An aggregator without a record for so long is let go, with the flush that follows.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>From so many keys on an aggregator is let go with the first flush for which it has nothing, or whose connections have ended: each costs memory.</summary>
    public int CrowdFrom { get; init; } = 4_096;

    /// <summary><see cref="IdleAfter"/> in flushes; a clock that is set does not change them.</summary>
    internal long IdleFlushes => Math.Max(1, (long)Math.Ceiling(IdleAfter / Interval));

    /// <summary>Keys at most; records of further keys are counted as lost with the reason <c>too-many-keys</c>.</summary>
    public int MaxKeys { get; init; } = 65_536;

    public HttpPathLimits HttpPaths { get; init; } = new();

    public DnsNameLimits DnsNames { get; init; } = new();

    /// <summary>Aggregators that have been asked and have not answered, at most.</summary>
    public int AskedAtOnce { get; init; } = 2_048;

    /// <summary>An output shows flows to people, and gets all of a flush at once.</summary>
    public bool ShowsFlows { get; init; } = true;

    /// <summary>How long a flush waits for the probe, and then for the aggregators, before it goes on with what is there.</summary>
    public TimeSpan PhaseDeadline { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The same for the last flush, which a stop waits for.</summary>
    public TimeSpan FinalPhaseDeadline { get; init; } = TimeSpan.FromMilliseconds(600);

    /// <summary>Lines in one message to the outputs at most.</summary>
    public int LinesPerWrite { get; init; } = 10_000;
}
