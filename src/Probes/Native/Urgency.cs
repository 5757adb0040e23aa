namespace EbpfActors.Probes.Native;

/// <summary>
/// How soon the calling thread runs once it is woken: on a busy host an ordinary one waits for some milliseconds, in which a program
/// begins and ends. For threads that do little.
/// </summary>
internal static class Urgency
{
    private const int Niceness = -15;
    private const ulong BurstNanoseconds = 5_000_000;
    private const int Fifo = 1 | 0x40000000; // SCHED_FIFO | SCHED_RESET_ON_FORK: the threads that it makes are ordinary

    /// <summary>Before most others. Without effect where the kernel refuses.</summary>
    public static void Soon() => LibC.setpriority(0, 0, Niceness);

    /// <summary>
    /// Before all others, real-time ones too, but for no more than a quarter of one core: what takes longer is stopped for a while. Where the
    /// kernel refuses, before most others.
    /// </summary>
    public static void InBursts()
    {
        Soon();
        LibC.SetDeadline(BurstNanoseconds, 4 * BurstNanoseconds);
    }

    /// <summary>Before all that is not real-time; where the kernel refuses, before most others.</summary>
    public static void AtOnce()
    {
        Soon();
        var lowest = 1;
        LibC.sched_setscheduler(0, Fifo, ref lowest);
    }
}
