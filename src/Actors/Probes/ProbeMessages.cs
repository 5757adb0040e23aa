using Akka.Actor;
using EbpfActors.Probes;

namespace EbpfActors.Actors.Probes;

/// <summary>Probe -> agent -> event stream: attached, with these hooks; again when others have come or gone.</summary>
public sealed record ProbeReady(string Name, IReadOnlyList<HookStatus> Hooks) : INoSerializationVerificationNeeded;

/// <summary>Anyone -> probe: answer with a <see cref="ProbeStatus"/>.</summary>
public sealed class GetProbeStatus : INoSerializationVerificationNeeded
{
    public static readonly GetProbeStatus Instance = new();

    private GetProbeStatus()
    {
    }
}

/// <summary>Probe -> whoever asked. <paramref name="State"/> is <c>attaching</c>, <c>attached</c>, <c>waiting</c> (to be restarted) or <c>failed</c> (refused).</summary>
public sealed record ProbeStatus(
    string Name,
    string State,
    IReadOnlyList<HookStatus> Hooks,
    ProbeCounters Counters,
    string Problem) : INoSerializationVerificationNeeded
{
    /// <summary>How often it was started again, as its keeper knows.</summary>
    public int Restarts { get; init; }

    /// <summary>When it is started again, as its keeper knows; null while it runs.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}
