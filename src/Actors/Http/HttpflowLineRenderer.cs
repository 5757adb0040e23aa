using EbpfActors.Actors.Flows;
using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Http;

/// <summary>Writes the points of the measurement <c>httpflow</c> as line protocol. Thread-safe: every aggregator shares one.</summary>
public sealed class HttpflowLineRenderer(PointIdentity identity, LineCuts cuts)
{
    public const string Measurement = "httpflow";

    private readonly PointIdentity _identity = identity.On(Measurement);

    /// <summary>Measurement and tags, escaped; an aggregator keeps it.</summary>
    public PointTags TagPrefix(in FlowKey key)
    {
        var tags = new TagSet(cuts);
        foreach (var (name, value) in FlowTags.Of(key, _identity, Measurement))
        {
            tags.Set(name, value);
        }

        return tags.Build(Measurement);
    }

    /// <summary>The whole line without the newline; the caller owns the array.</summary>
    public byte[] Line(PointTags prefix, in HttpBucketKey key, in HttpTotals totals, long timestampNs)
    {
        using var line = new LineBuilder(prefix, cuts);
        line.Field("bytes_read", Number(totals.BytesRead));
        line.Field("bytes_written", Number(totals.BytesWritten));
        line.Field("count", Number(totals.Count));
        line.Field("http_version", key.Version);
        line.Field("latency", Number(totals.Latency));
        line.Field("latency_max", Number(totals.LatencyMax));
        line.Field("method", key.Method);
        line.Field("path", key.Path);
        line.Field("status_code", key.Status);
        line.Field("truncated", key.IsTruncated);
        return line.Build(timestampNs);
    }

    private static long Number(ulong value) => (long)Math.Min(value, long.MaxValue);
}
