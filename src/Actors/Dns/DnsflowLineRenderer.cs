using EbpfActors.Actors.Flows;
using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Dns;

/// <summary>Writes the points of the measurement <c>dnsflow</c> as line protocol. Thread-safe: every aggregator shares one.</summary>
public sealed class DnsflowLineRenderer(PointIdentity identity, LineCuts cuts)
{
    public const string Measurement = "dnsflow";

    private readonly PointIdentity _identity = identity.On(Measurement);

    /// <summary>The whole line without the newline; the caller owns the array.</summary>
    public byte[] Line(in FlowKey key, in DnsBucketKey bucket, in DnsTotals totals, long timestampNs)
    {
        using var line = new LineBuilder(Tags(key, bucket), cuts);
        line.Field("count", totals.Count);
        line.Field("latency", Number(totals.Latency));
        line.Field("latency_max", Number(totals.LatencyMax));
        line.Field("rcode", bucket.Rcode);
        if (bucket.Name.Length > 0)
        {
            line.Field("retries", totals.Retries);
        }

        return line.Build(timestampNs);
    }

    private PointTags Tags(in FlowKey key, in DnsBucketKey bucket)
    {
        var tags = new TagSet(cuts);
        foreach (var (name, value) in FlowTags.OfPeers(key, _identity, Measurement))
        {
            tags.Set(name, value);
        }

        if (bucket.Name.Length > 0)
        {
            tags.Set("query_name", bucket.Name);
            tags.Set("query_type", bucket.QueryType == 0 ? "" : QueryTypes.Name(bucket.QueryType));
        }

        return tags.Build(Measurement);
    }

    private static long Number(ulong value) => (long)Math.Min(value, long.MaxValue);
}
