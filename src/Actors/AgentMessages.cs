using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Actors;

/// <summary>Host -> agent: flush, close the outputs, detach, then answer <see cref="AgentStopped"/>; bounded by the options.</summary>
public sealed class StopAgent : INoSerializationVerificationNeeded
{
    public static readonly StopAgent Instance = new();

    private StopAgent()
    {
    }
}

/// <summary>Agent -> whoever stopped it: nothing is attached and nothing is held any more, or the deadlines have passed.</summary>
public sealed class AgentStopped : INoSerializationVerificationNeeded
{
    public static readonly AgentStopped Instance = new();

    private AgentStopped()
    {
    }
}

/// <summary>Anyone -> agent: answer with an <see cref="AgentStatus"/> within about a second.</summary>
public sealed class GetAgentStatus : INoSerializationVerificationNeeded
{
    public static readonly GetAgentStatus Instance = new();

    private GetAgentStatus()
    {
    }
}

/// <summary>
/// Agent -> whoever asked. A probe that is down is in <paramref name="Probes"/> with its problem; <paramref name="Flush"/> and
/// <paramref name="Writer"/> are null when they did not answer in time.
/// </summary>
public sealed record AgentStatus(
    ImmutableArray<PluginStatus> Parts,
    ImmutableArray<ProbeStatus> Probes,
    ImmutableArray<PluginStatus> Outputs,
    FlushStatus? Flush,
    ImmutableArray<LedgerEntry> Ledger,
    object? Writer) : INoSerializationVerificationNeeded;

/// <summary>Timer -> agent: this phase of the stop has had its time.</summary>
internal sealed record StopOverdue(StopPhase Phase) : INoSerializationVerificationNeeded;

/// <summary>How far a stop has come.</summary>
internal enum StopPhase
{
    None,
    Flushing,
    ClosingOutputs,
    Detaching,
    Done,
}
