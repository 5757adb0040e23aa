namespace EbpfActors.Agent.Host;

/// <summary>
/// Keeps the resident memory near what is in use: what was allocated in a burst and is free again goes back to the system, which the
/// runtime by itself does late or never.
/// </summary>
internal sealed class MemoryTrim : IDisposable
{
    private const long Worthwhile = 8L << 20;

    /// <summary>Looks between two collections of everything, of which the first comes when what the start took is free again.</summary>
    private const int Rarely = 15;

    /// <summary>Up to this size of the heap, compacting it stops the agent's threads for some milliseconds.</summary>
    private const long Small = 16L << 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly Timer _timer;
    private long _allocated;
    private long _allocatedAtFull;
    private int _looks;

    public MemoryTrim() => _timer = new Timer(_ => Trim(), null, Every, Every);

    public void Dispose() => _timer.Dispose();

    private void Trim()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        if (_looks++ % Rarely == 1 && allocated - _allocatedAtFull >= Worthwhile)
        {
            (_allocatedAtFull, _allocated) = (allocated, allocated);
            CollectAll();
        }
        else if (allocated - _allocated >= Worthwhile)
        {
            // What has just been allocated is garbage, mostly: a fraction of a millisecond.
            _allocated = allocated;
            GC.Collect(1, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }

    private static void CollectAll()
    {
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
