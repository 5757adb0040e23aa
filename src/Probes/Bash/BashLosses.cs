using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Inspections;

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
    private long _noRoom;
    private long _linesWaiting;
    private long _filesFull;
    private long _overBudget;
    private long _hung;

    public void Open(BpfMap counters) => _counters = counters;

    public void CountMalformed() => Interlocked.Increment(ref _malformed);

    /// <summary>A line of a process that was gone before anybody could tell whether it was a shell.</summary>
    public void CountUnknownProgram() => Interlocked.Increment(ref _unknownPrograms);

    /// <summary>The process connector had to drop execs; a scan makes up for them.</summary>
    public void CountExecsDropped() => Interlocked.Increment(ref _execsDropped);

    /// <summary>A program or library that was not looked into because too many waited for that.</summary>
    public void CountNoRoom() => Interlocked.Increment(ref _noRoom);

    /// <summary>A line of a program that was being looked into, when too many such lines waited.</summary>
    public void CountLineWaiting() => Interlocked.Increment(ref _linesWaiting);

    /// <summary>A shell or library whose lines are not seen because too many others have probes.</summary>
    public void CountFilesFull() => Interlocked.Increment(ref _filesFull);

    /// <summary>A file that was left alone.</summary>
    public void CountLeftAlone(InspectionEnd end) => Interlocked.Increment(ref end == InspectionEnd.Hung ? ref _hung : ref _overBudget);

    /// <summary>What was not looked into, which is no loss as long as it is no shell.</summary>
    public IReadOnlyList<ProbeLoss> LeftOut() => ProbeLoss.Of(
        ("bash-file-over-budget", Interlocked.Read(ref _overBudget)), ("bash-file-hangs", Interlocked.Read(ref _hung)));

    public IReadOnlyList<ProbeLoss> Snapshot() => ProbeLoss.Of(
    [
        .. Reasons.Select(r => (r.Reason, _counters?.ReadPerCpu<long>((uint)r.Loss).Sum() ?? 0)),
        ("malformed-record", Interlocked.Read(ref _malformed)),
        ("program-unknown", Interlocked.Read(ref _unknownPrograms)),
        ("exec-connector-full", Interlocked.Read(ref _execsDropped)),
        ("bash-files-waiting-full", Interlocked.Read(ref _noRoom)),
        ("bash-lines-waiting-full", Interlocked.Read(ref _linesWaiting)),
        ("bash-files-full", Interlocked.Read(ref _filesFull)),
    ]);
}
