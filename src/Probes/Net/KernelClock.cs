using System.Diagnostics;

namespace EbpfActors.Probes.Net;

/// <summary>The clock of the kernel's records: on Linux the stopwatch counts nanoseconds of CLOCK_MONOTONIC.</summary>
internal static class KernelClock
{
    internal static ulong NowNs => (ulong)Stopwatch.GetTimestamp();
}
