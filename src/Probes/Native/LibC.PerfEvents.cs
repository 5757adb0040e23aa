using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>perf_event_open and the memory that its records come through.</summary>
internal static unsafe partial class LibC
{
    private const int ReadWrite = 3;
    private const int Shared = 1;
    private const nint CloseOnExec = 8;

    private static nint PerfEventOpen => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 241 : 298;

    /// <summary>An event of all processes on one CPU; a descriptor, or -1 and errno.</summary>
    internal static int OpenPerfEvent(PerfEventAttributes* attributes, int cpu) =>
        (int)syscall(PerfEventOpen, (nint)attributes, -1, cpu, -1, CloseOnExec);

    /// <summary>The address, or -1 and errno.</summary>
    internal static nint MapShared(SafeFileHandle file, nuint length) => mmap(0, length, ReadWrite, Shared, file, 0);

    /// <summary>0, or -1 and errno.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);

    /// <summary>struct perf_event_attr up to its second version (Linux 2.6.33): all that is set here is in it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PerfEventAttributes
    {
        internal uint Kind;
        internal uint Size;
        internal ulong Config;
        internal ulong SamplePeriod;
        internal ulong SampleKind;
        internal ulong ReadFormat;
        internal ulong Flags;
        internal uint WakeupWatermark;
        internal uint BreakpointKind;
        internal ulong Config1; // a breakpoint's address, the path of a uprobe's file
        internal ulong Config2; // a breakpoint's length, where in its file a uprobe is
    }
}
