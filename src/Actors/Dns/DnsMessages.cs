using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Dns;

/// <summary>
/// Reader thread of the net probe -> flush scheduler -> aggregator: what one batch knows of one key, by bucket. Made once
/// and never changed.
/// </summary>
public sealed record DnsSums(FlowKey Key, ImmutableArray<KeyValuePair<DnsBucketKey, DnsTotals>> Buckets, long Queries)
    : INoSerializationVerificationNeeded
{
    /// <summary>What is in these sums, for the ledger.</summary>
    public FlowLoad Load => new FlowLoad { Queries = Queries };
}

/// <summary>So many queries of a process stand under another name than theirs. Empty and 0 when the process is not known.</summary>
public readonly record struct DnsOverflow(string Process, uint Pid, long Queries);

/// <summary>
/// What DNS did on one key in one flush window, as lines. <paramref name="Overflowed"/>: whose queries stand under
/// <see cref="CardinalityGovernor.Other"/> for want of room.
/// </summary>
public sealed record DnsFlushed(ImmutableArray<byte[]> Lines, FlowLoad Load, ImmutableArray<DnsOverflow> Overflowed)
{
    public static readonly DnsFlushed Nothing = new([], default, []);
}
