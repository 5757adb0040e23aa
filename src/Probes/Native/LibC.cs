using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>The few C library calls that .NET has no equivalent for. Each gives -1 and sets errno when it fails.</summary>
internal static unsafe partial class LibC
{
    private const string Library = "libc";
    private const nint BpfCall = 321;
    private const nint FsOpen = 430;
    private const nint FsConfig = 431;
    private const nint FsMount = 432;
    private const int FsConfigCreate = 6;
    private const nint OpenAt2 = 437;
    private const nint SetAttributes = 314; // sched_setattr

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(SafeFileHandle file, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(SafeFileHandle file, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bind(SafeFileHandle socket, void* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setsockopt(SafeFileHandle socket, int level, int option, void* value, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint recv(SafeFileHandle socket, void* buffer, nuint count, int flags);

    /// <summary>The niceness of the calling thread, when both of the first are 0.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setpriority(int which, uint who, int niceness);

    /// <summary>The policy of the calling thread, when <paramref name="thread"/> is 0.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int sched_setscheduler(int thread, int policy, ref int priority);

    /// <summary>Makes the calling thread one of SCHED_DEADLINE: so much of each period is its own, and no more. 0, or -1 and errno.</summary>
    internal static int SetDeadline(ulong runtimeNanoseconds, ulong periodNanoseconds)
    {
        var attributes = new SchedulingAttributes
        {
            Size = (uint)sizeof(SchedulingAttributes),
            Policy = 6,
            Flags = 1, // SCHED_FLAG_RESET_ON_FORK: the threads that it makes are ordinary
            Runtime = runtimeNanoseconds,
            Deadline = periodNanoseconds,
            Period = periodNanoseconds,
        };
        return (int)syscall(SetAttributes, 0, (nint)(&attributes), 0, 0, 0);
    }

    /// <summary>Moves the calling thread.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setns(SafeFileHandle space, int kind);

    [LibraryImport(Library)]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, void* arguments);

    /// <summary>How many descriptors this process may have (RLIMIT_NOFILE, the soft one); no limit when it cannot be asked.</summary>
    internal static long DescriptorLimit()
    {
        var limits = stackalloc ulong[2]; // struct rlimit
        return getrlimit(7, limits) == 0 ? (long)Math.Min(limits[0], int.MaxValue) : int.MaxValue;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int getrlimit(int resource, ulong* limits);

    /// <summary>A mount of the cgroup2 hierarchy that no mount table shows; a directory descriptor, or -1 and errno.</summary>
    internal static int MountCgroup2Detached()
    {
        fixed (byte* name = "cgroup2\0"u8)
        {
            var context = (int)syscall(FsOpen, (nint)name, 1 /* close on exec */, 0, 0, 0);
            if (context < 0)
            {
                return -1;
            }

            using var owned = new SafeFileHandle(context, ownsHandle: true);
            return syscall(FsConfig, context, FsConfigCreate, 0, 0, 0) < 0
                ? -1
                : (int)syscall(FsMount, context, 1 /* close on exec */, 0, 0, 0);
        }
    }

    /// <summary>Refers to a file as if the folder were the root: no link leads out of it, nothing is opened. A descriptor, or -1 and errno.</summary>
    internal static int OpenBeneath(SafeFileHandle folder, string path)
    {
        var how = new OpenHow { Flags = OpenNothing, Resolve = 0x12 /* RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS */ };
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            return (int)syscall(OpenAt2, folder.DangerousGetHandle(), (nint)name, (nint)(&how), sizeof(OpenHow), 0);
        }
    }

    /// <summary>perf_event_open on any CPU, closed on exec; a descriptor, or -1 and errno.</summary>
    internal static int OpenProcessEvent(byte* attribute, int pid) => (int)syscall(PerfEventOpen, (nint)attribute, pid, -1, -1, 8);

    /// <summary>Where a symbolic link leads, up to 4096 bytes of it; null when there is none.</summary>
    internal static string? ReadLink(string path)
    {
        const int Most = 4096;
        var buffer = stackalloc byte[Most];
        var length = readlink(path, buffer, Most);
        return length >= 0 ? Encoding.UTF8.GetString(buffer, (int)length) : null;
    }

    /// <summary>As many bytes as there are now; 0 at the end, -1 and errno.</summary>
    internal static int Read(SafeFileHandle file, Span<byte> to)
    {
        fixed (byte* buffer = to)
        {
            return (int)read(file, buffer, (nuint)to.Length);
        }
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, byte* buffer, nuint size);

    /// <summary>The system call bpf; a descriptor or 0, or -1 and errno.</summary>
    internal static int Bpf(int command, void* attributes, int size) => (int)syscall(BpfCall, command, (nint)attributes, size, 0, 0);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    /// <summary>struct sched_attr, of its first size.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulingAttributes
    {
        internal uint Size;
        internal uint Policy;
        internal ulong Flags;
        internal int Niceness;
        internal uint Priority;
        internal ulong Runtime;
        internal ulong Deadline;
        internal ulong Period;
    }

    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        internal ulong Flags;
        internal ulong Mode;
        internal ulong Resolve;
    }
}
