using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Bash;

/// <summary>Why a line is not in the numbers: <c>enum bash_loss</c> of bpf/bash/bash_wire.h, in its order.</summary>
internal enum BashLoss
{
    LineRingFull,
    LineUnreadable,
    ExecRingFull,
}

/// <summary>Reads the kernel side's loss counters and adds the decoder's own.</summary>
internal sealed class BashLosses
{
    private static readonly (BashLoss Loss, string Reason)[] Reasons =
    [
        (BashLoss.LineRingFull, "bash-ring-full"),
        (BashLoss.LineUnreadable, "line-unreadable"),
        (BashLoss.ExecRingFull, "exec-ring-full"),
    ];

    private BpfMap? _counters;
    private long _malformed;

    public void Open(BpfMap counters) => _counters = counters;

    public void CountMalformed() => Interlocked.Increment(ref _malformed);

    public IReadOnlyList<ProbeLoss> Snapshot()
    {
        var losses = new List<ProbeLoss>();
        foreach (var (loss, reason) in Reasons)
        {
            Add(losses, reason, _counters?.ReadPerCpu<long>((uint)loss).Sum() ?? 0);
        }

        Add(losses, "malformed-record", Interlocked.Read(ref _malformed));
        return losses;
    }

    private static void Add(List<ProbeLoss> losses, string reason, long count)
    {
        if (count > 0)
        {
            losses.Add(new ProbeLoss(reason, count, 0));
        }
    }
}
