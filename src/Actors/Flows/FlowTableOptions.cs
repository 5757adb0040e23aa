using EbpfActors.Actors.Conntrack;
using EbpfActors.Actors.Metadata;

namespace EbpfActors.Actors.Flows;

/// <summary>How records become keyed sums.</summary>
public sealed record FlowTableOptions
{
    /// <summary>Client ports from here on are written as <c>*</c>; 0 means all of them.</summary>
    public int EphemeralPortStart { get; init; }

    /// <summary>Keeps flows of the host with itself.</summary>
    public bool IncludeLoopback { get; init; }

    /// <summary>Whose HTTP exchanges are left out.</summary>
    public CollectorProcesses Collector { get; init; } = CollectorProcesses.Nobody;

    /// <summary>Where outgoing connections really go; null: nobody knows.</summary>
    public NatLookup? Nat { get; init; }

    /// <summary>DNS queries are told apart by name and type.</summary>
    public bool DnsNames { get; init; }

    public DomainTableOptions Domains { get; init; } = new();

    /// <summary>Keys in one batch at most.</summary>
    public int BatchKeys { get; init; } = 512;
}
