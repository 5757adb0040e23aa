using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Dns;

/// <summary>Sums over the queries of one bucket; latencies in nanoseconds.</summary>
public readonly record struct DnsTotals(long Count, ulong LatencySum, ulong LatencyMax, long Retries)
{
    /// <summary>The integer mean; 0 when nothing was counted.</summary>
    public ulong Latency => Count == 0 ? 0 : LatencySum / (ulong)Count;

    public static DnsTotals Of(in DnsExchange exchange) => new(1, exchange.LatencyNs, exchange.LatencyNs, exchange.Retries);

    public static DnsTotals Add(in DnsTotals left, in DnsTotals right) => new(
        left.Count + right.Count,
        left.LatencySum + right.LatencySum,
        Math.Max(left.LatencyMax, right.LatencyMax),
        left.Retries + right.Retries);

    public static DnsTotals operator +(DnsTotals left, DnsTotals right) => Add(left, right);
}
