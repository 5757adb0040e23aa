namespace EbpfActors.Agent.Host;

/// <summary>
/// Keeps the resident memory near what is in use: what was allocated in a burst and is free again goes back to the system, which the
/// runtime by itself does late or never.
/// </summary>
internal sealed class MemoryTrim : IDisposable
{
    private const long Worthwhile = 8L << 20;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly Timer _timer;
    private long _allocated;

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
        // Aggressive gives the freed memory back to the system; the heap is a few megabytes, so this takes milliseconds.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeHeap.Trim();
    }
}
