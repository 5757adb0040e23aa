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
    private long _unknownPrograms;
    private long _execsDropped;

    public void Open(BpfMap counters) => _counters = counters;

    public void CountMalformed() => Interlocked.Increment(ref _malformed);

    /// <summary>A line of a process that was gone before anybody could tell whether it was a shell.</summary>
    public void CountUnknownProgram() => Interlocked.Increment(ref _unknownPrograms);

    /// <summary>The process connector had to drop execs; a scan makes up for them.</summary>
    public void CountExecsDropped() => Interlocked.Increment(ref _execsDropped);

    public IReadOnlyList<ProbeLoss> Snapshot()
    {
        var losses = new List<ProbeLoss>();
        foreach (var (loss, reason) in Reasons)
        {
            Add(losses, reason, _counters?.ReadPerCpu<long>((uint)loss).Sum() ?? 0);
        }

        Add(losses, "malformed-record", Interlocked.Read(ref _malformed));
        Add(losses, "program-unknown", Interlocked.Read(ref _unknownPrograms));
        Add(losses, "exec-connector-full", Interlocked.Read(ref _execsDropped));
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
