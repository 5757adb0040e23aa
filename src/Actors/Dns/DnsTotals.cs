using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Dns;

/// <summary>Sums over the queries of one bucket; latencies in nanoseconds.</summary>
public readonly record struct DnsTotals(long Count, ulong LatencySum, ulong LatencyMax, long Retries)
{
    /// <summary>A process that asked, of several the last; 0 when none is known. The points do not have it.</summary>
    public uint Pid { get; init; }

    /// <summary>Its name.</summary>
    public string Process { get; init; } = "";

    /// <summary>The integer mean; 0 when nothing was counted.</summary>
    public ulong Latency => Count == 0 ? 0 : LatencySum / (ulong)Count;

    public static DnsTotals Of(in DnsExchange exchange) => new(1, exchange.LatencyNs, exchange.LatencyNs, exchange.Retries)
    {
        Pid = exchange.Flow.Pid,
        Process = exchange.Flow.ProcessName,
    };

    public static DnsTotals Add(in DnsTotals left, in DnsTotals right) => new(
        left.Count + right.Count,
        left.LatencySum + right.LatencySum,
        Math.Max(left.LatencyMax, right.LatencyMax),
        left.Retries + right.Retries)
    {
        Pid = right.Pid == 0 ? left.Pid : right.Pid,
        Process = (right.Pid == 0 ? left.Process : right.Process) ?? "",
    };

    public static DnsTotals operator +(DnsTotals left, DnsTotals right) => Add(left, right);
}
