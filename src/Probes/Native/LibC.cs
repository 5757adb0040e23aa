using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>The few C library calls that .NET has no equivalent for. Each gives -1 and sets errno when it fails.</summary>
internal static unsafe partial class LibC
{
    internal const short PollIn = 1;

    private const string Library = "libc";
    private const nint BpfCall = 321;
    private const nint FsOpen = 430;
    private const nint FsConfig = 431;
    private const nint FsMount = 432;
    private const int FsConfigCreate = 6;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(SafeFileHandle file, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(SafeFileHandle file, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

    [LibraryImport(Library)]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, void* arguments);

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

    /// <summary>The system call bpf; a descriptor or 0, or -1 and errno.</summary>
    internal static int Bpf(int command, void* attributes, int size) => (int)syscall(BpfCall, command, (nint)attributes, size, 0, 0);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events;
        internal short Revents;
    }
}
