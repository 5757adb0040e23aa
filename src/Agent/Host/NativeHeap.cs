namespace EbpfActors.Agent.Host;

/// <summary>
/// The C library's heap, which libbpf uses: the types of the kernel and of each object are read into it, some ten megabytes, and given
/// back. By itself it keeps such memory, once for each thread that has loaded something.
/// </summary>
internal static class NativeHeap
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD
    private const int MapThreshold = -3; // M_MMAP_THRESHOLD
    private const int Arenas = -8; // M_ARENA_MAX
    private const int Large = 128 * 1024;

    /// <summary>To be called before there are threads: one heap for all of them, and what is large goes back to the system when it is freed.</summary>
    public static void KeepSmall()
    {
        _ = LibC.mallopt(Arenas, 1);
        _ = LibC.mallopt(MapThreshold, Large);
        _ = LibC.mallopt(TrimThreshold, Large);
    }

    /// <summary>Gives back what is free between what is in use.</summary>
    public static void Trim() => _ = LibC.malloc_trim(0);
}
