using System.Diagnostics;
using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Inspections;

/// <summary>What looking into one file may cost. Belongs to the thread that looks.</summary>
/// <param name="bytes">To read at most.</param>
/// <param name="time">Until the last read begins.</param>
/// <param name="stop">The agent stops: the look ends at its next read.</param>
internal sealed class ReadBudget(long bytes, TimeSpan time, CancellationToken stop = default)
{
    // Many small reads cost as much as few large ones.
    private const int CostOfRead = 4096;

    private readonly long _begun = Stopwatch.GetTimestamp();

    /// <summary>Bytes, and for each small read as many as that costs.</summary>
    public long Spent { get; private set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begun);

    /// <summary>Before each read.</summary>
    /// <exception cref="OverBudgetException">It may not be read any more.</exception>
    /// <exception cref="OperationCanceledException">The agent stops.</exception>
    public void Charge(int length)
    {
        stop.ThrowIfCancellationRequested();
        Spent += Math.Max(length, CostOfRead);
        if (Spent > bytes || Elapsed > time)
        {
            throw new OverBudgetException();
        }
    }
}

/// <summary>Looking into a file cost more than is allowed.</summary>
internal sealed class OverBudgetException() : Exception("more had to be read than one file may cost");

/// <summary>A file whose every read is charged.</summary>
internal sealed class BudgetedBytes(IFileBytes file, ReadBudget budget) : IFileBytes
{
    public ulong Length => file.Length;

    public int Read(ulong offset, Span<byte> into)
    {
        budget.Charge(into.Length);
        return file.Read(offset, into);
    }
}
