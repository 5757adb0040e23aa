using System.Diagnostics.CodeAnalysis;

namespace EbpfActors.Actors.Flows;

/// <summary>
/// The number of batches that may be under way at once. The reader takes a credit before it sends and waits when none is
/// left; whoever disposes of the batch gives it back. Thread-safe.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "No wait handle is made, and batches come back after their reader is gone.")]
public sealed class CreditGate(int credits)
{
    private readonly SemaphoreSlim _credits = new(credits);

    /// <summary>Batches that are under way.</summary>
    public int UnderWay => credits - _credits.CurrentCount;

    /// <summary>Takes a credit, waiting for one; false when <paramref name="stop"/> came first.</summary>
    public bool Take(CancellationToken stop)
    {
        try
        {
            _credits.Wait(stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Takes a credit if there is one now.</summary>
    public bool TryTake() => _credits.Wait(TimeSpan.Zero);

    public void GiveBack() => _credits.Release();
}
