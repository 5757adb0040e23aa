using System.Collections.Immutable;
using Akka.Actor;
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

/// <summary>What DNS did on one key in one flush window, as lines.</summary>
public sealed record DnsFlushed(ImmutableArray<byte[]> Lines, FlowLoad Load)
{
    public static readonly DnsFlushed Nothing = new([], default);
}
