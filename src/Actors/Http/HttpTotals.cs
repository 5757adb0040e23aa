using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Http;

/// <summary>Sums over the exchanges of one bucket; latencies are those of counted exchanges only.</summary>
public readonly record struct HttpTotals
{
    public ulong Count { get; init; }

    public ulong BytesRead { get; init; }

    public ulong BytesWritten { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong LatencySum { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong LatencyMax { get; init; }

    /// <summary>Nanoseconds, the integer mean; 0 when nothing was counted.</summary>
    public ulong Latency => Count == 0 ? 0 : LatencySum / Count;

    public bool IsEmpty => (Count | BytesRead | BytesWritten) == 0;

    /// <summary>The sums of a single exchange or of a later part of one.</summary>
    public static HttpTotals Of(in HttpExchange exchange)
    {
        var latency = exchange.Count == 0 ? 0 : exchange.LatencyNs;
        return new HttpTotals
        {
            Count = exchange.Count,
            BytesRead = exchange.BytesRead,
            BytesWritten = exchange.BytesWritten,
            LatencySum = latency,
            LatencyMax = latency,
        };
    }

    public static HttpTotals Add(in HttpTotals left, in HttpTotals right) => new()
    {
        Count = left.Count + right.Count,
        BytesRead = left.BytesRead + right.BytesRead,
        BytesWritten = left.BytesWritten + right.BytesWritten,
        LatencySum = left.LatencySum + right.LatencySum,
        LatencyMax = Math.Max(left.LatencyMax, right.LatencyMax),
    };

    public static HttpTotals operator +(HttpTotals left, HttpTotals right) => Add(left, right);
}
