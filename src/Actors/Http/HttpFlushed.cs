using System.Collections.Immutable;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Http;

/// <summary>
/// What HTTP did on one key in one flush window, as lines. <paramref name="Overflowed"/> exchanges stand under
/// <see cref="CardinalityGovernor.Other"/> for want of room; <paramref name="Buckets"/> are kept for the next window.
/// </summary>
public sealed record HttpFlushed(ImmutableArray<byte[]> Lines, FlowLoad Load, long Overflowed, int Buckets)
{
    public LatencySummary Latency { get; init; } = LatencySummary.Nothing;

    public static readonly HttpFlushed Nothing = new([], default, 0, 0);
}
