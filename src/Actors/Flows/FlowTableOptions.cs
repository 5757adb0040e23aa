using EbpfActors.Actors.Conntrack;

namespace EbpfActors.Actors.Flows;

/// <summary>How records become keyed sums.</summary>
public sealed record FlowTableOptions
{
    /// <summary>Client ports from here on are written as <c>*</c>; 0 means all of them.</summary>
    public int EphemeralPortStart { get; init; }

    /// <summary>Keeps flows of the host with itself.</summary>
    public bool IncludeLoopback { get; init; }

    /// <summary>Where outgoing connections really go; null: nobody knows.</summary>
    public NatLookup? Nat { get; init; }

    /// <summary>Keys in one batch at most.</summary>
    public int BatchKeys { get; init; } = 512;
}
