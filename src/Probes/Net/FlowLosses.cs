using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Net.SockDiag;

namespace EbpfActors.Probes.Net;

/// <summary>Why something is not in the numbers: <c>enum flow_loss</c> of bpf/net/flow_wire.h, in its order.</summary>
internal enum FlowLoss
{
    TcpTableFull,
    UdpTableFull,
    RingFull,
    ListenersFull,
    OwnersFull,
    PacketUnreadable,
    HttpRingFull,
    HttpLostTrack,
    HttpBroken,
    DnsRingFull,
    DnsUnreadable,
    HttpLongMethod,
    HttpNotHttp,
    TcpInSockmap,
}

/// <summary>Reads the kernel side's loss counters and adds the decoder's own.</summary>
internal sealed class FlowLosses
{
    private static readonly (FlowLoss Loss, string Reason)[] Reasons =
    [
        (FlowLoss.TcpTableFull, "tcp-table-full"),
        (FlowLoss.UdpTableFull, "udp-table-full"),
        (FlowLoss.RingFull, "ring-full"),
        (FlowLoss.ListenersFull, "listener-table-full"),
        (FlowLoss.OwnersFull, "owner-table-full"),
        (FlowLoss.PacketUnreadable, "packet-unreadable"),
        (FlowLoss.HttpRingFull, "http-ring-full"),
        (FlowLoss.HttpLostTrack, "http-lost-track"),
        (FlowLoss.HttpBroken, "http-broken"),
        (FlowLoss.DnsRingFull, "dns-ring-full"),
        (FlowLoss.DnsUnreadable, "dns-unreadable"),
        (FlowLoss.HttpLongMethod, "http-long-method"),
    ];

    private static readonly (FlowLoss Loss, string Reason)[] LeftOutReasons =
    [
        (FlowLoss.HttpNotHttp, "http-not-http"),
        (FlowLoss.TcpInSockmap, "tcp-in-sockmap"),
    ];

    private BpfMap? _counters;
    private long _malformed;
    private long _malformedBytes;

    internal void Open(BpfMap counters) => _counters = counters;

    internal void CountMalformed(int bytes)
    {
        Interlocked.Increment(ref _malformed);
        Interlocked.Add(ref _malformedBytes, bytes);
    }

    /// <summary>Records lost for that reason, over all CPUs.</summary>
    internal long Total(FlowLoss loss) => Sum(loss).Records;

    /// <summary>What was looked at and is nothing to report, or cannot be seen here by its nature.</summary>
    internal IReadOnlyList<ProbeLoss> LeftOut() => Counted(LeftOutReasons);

    /// <param name="diag">Connections that are followed in user space, if they are.</param>
    internal IReadOnlyList<ProbeLoss> Snapshot(SockDiagFlows? diag)
    {
        var losses = Counted(Reasons);
        if (diag is { Refused: > 0 and var refused })
        {
            losses.Add(new ProbeLoss("tcp-table-full", refused, 0));
        }

        if (diag is { Overruns: > 0 and var overruns })
        {
            losses.Add(new ProbeLoss("sock-diag-overrun", overruns, 0));
        }

        if (Interlocked.Read(ref _malformed) is var malformed and > 0)
        {
            losses.Add(new ProbeLoss("malformed-record", malformed, Interlocked.Read(ref _malformedBytes)));
        }

        return losses;
    }

    private List<ProbeLoss> Counted((FlowLoss Loss, string Reason)[] reasons)
    {
        var losses = new List<ProbeLoss>(reasons.Length);
        foreach (var (loss, reason) in reasons)
        {
            if (Sum(loss) is { Records: > 0 } sum)
            {
                losses.Add(new ProbeLoss(reason, sum.Records, sum.Bytes));
            }
        }

        return losses;
    }

    private (long Records, long Bytes) Sum(FlowLoss loss)
    {
        long records = 0, bytes = 0;
        foreach (var count in _counters?.ReadPerCpu<FlowLossCount>((uint)loss) ?? [])
        {
            records += (long)count.Records;
            bytes += (long)count.Bytes;
        }

        return (records, bytes);
    }
}
