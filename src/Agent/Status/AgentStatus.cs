using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes;

namespace EbpfActors.Agent.Status;

/// <summary>How the agent is doing right now; what <c>ebpf-actors status</c> shows.</summary>
public sealed record AgentStatus
{
    public required string Version { get; init; }

    public required int Pid { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long UptimeSeconds { get; init; }

    public IReadOnlyList<PluginStatus> Plugins { get; init; } = [];

    /// <summary>One entry per stage: in = out + filtered + lost + in flight.</summary>
    public IReadOnlyList<LedgerEntry> Ledger { get; init; } = [];

    /// <summary>Null when nothing is written to DataKit.</summary>
    public WriterStatus? Writer { get; init; }

    /// <summary>How full the bounded tables are.</summary>
    public IReadOnlyList<TableFill> Limits { get; init; } = [];

    /// <summary>The rhythm of the flushes; null when the scheduler did not answer in time.</summary>
    public FlushStatus? Flush { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];
}
