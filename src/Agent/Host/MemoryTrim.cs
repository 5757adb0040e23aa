namespace EbpfActors.Agent.Host;

/// <summary>
/// Keeps the resident memory near what is in use. The runtime sizes its youngest generation by the CPU's cache, so that on a
/// large server hundreds of megabytes of garbage may pile up before it looks; there is no setting for that but an
/// environment variable, which a drop-in replacement cannot ask for.
/// </summary>
internal sealed class MemoryTrim : IDisposable
{
    private const long Worthwhile = 8L << 20;

    /// <summary>Looks between two collections of everything.</summary>
    private const int Rarely = 15;

    /// <summary>Up to this size of the heap, compacting it stops the agent's threads for some milliseconds.</summary>
    private const long Small = 16L << 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly Timer _timer;
    private long _allocated;
    private int _looks;

    public MemoryTrim() => _timer = new Timer(_ => Trim(), null, Every, Every);

    public void Dispose() => _timer.Dispose();

    private void Trim()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        if (allocated - _allocated < Worthwhile)
        {
            return;
        }

        _allocated = allocated;
        if (++_looks % Rarely != 0)
        {
            // What has just been allocated is garbage, mostly: a fraction of a millisecond.
            GC.Collect(1, GCCollectionMode.Forced, blocking: true, compacting: false);
            return;
        }

        if (GC.GetTotalMemory(forceFullCollection: false) <= Small)
        {
            // Aggressive gives the freed memory back to the system, and stops all threads for as long as it takes.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        else
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }

        NativeHeap.Trim();
    }
}
