using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Native;

/// <summary>Files by descriptor.</summary>
internal static unsafe partial class LibC
{
    internal const int OpenToLookAt = 0x80000 /* close on exec */ | 0x800 /* do not wait for a FIFO's writer */ | 0x100 /* no terminal */;

    /// <summary>Refers to a file without opening it: no file system and no driver is asked.</summary>
    internal const int OpenNothing = 0x200000 /* O_PATH */ | 0x80000 /* close on exec */;
    internal const uint OverlayFileSystem = 0x794c7630;
    internal const uint NamespaceFileSystem = 0x6e736673;

    /// <summary>In what is known of a file.</summary>
    internal const uint TimeOfBirth = 0x800;

    private const int EmptyPath = 0x1000;
    private const int WithoutAsking = 0x4000; // AT_STATX_DONT_SYNC
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint BasicStatistics = 0x7ff;

    /// <summary>0, or -1 and errno.</summary>
    internal static int StatX(SafeFileHandle file, out FileStatistics statistics)
    {
        fixed (FileStatistics* into = &statistics)
        fixed (byte* nothing = "\0"u8)
        {
            return statx(file, nothing, EmptyPath, BasicStatistics | TimeOfBirth, into);
        }
    }

    /// <summary>What is known here of the file that a path leads to: no server of a network file system is asked. 0, or -1 and errno.</summary>
    internal static int StatX(string path, out FileStatistics statistics)
    {
        fixed (FileStatistics* into = &statistics)
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            return statx(CurrentFolder, name, WithoutAsking, BasicStatistics | TimeOfBirth, into);
        }
    }

    /// <summary>The magic number of the file system; 0 where it is not told.</summary>
    internal static uint FileSystemKind(SafeFileHandle file)
    {
        var statistics = stackalloc long[32];
        return fstatfs(file, statistics) == 0 ? (uint)statistics[0] : 0;
    }

    /// <summary>A second descriptor, closed on exec, or -1 and errno.</summary>
    internal static int Duplicate(SafeFileHandle file) => fcntl(file, 1030 /* F_DUPFD_CLOEXEC */, 0);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int statx(SafeFileHandle folder, byte* path, int flags, uint mask, FileStatistics* into);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int statx(int folder, byte* path, int flags, uint mask, FileStatistics* into);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fstatfs(SafeFileHandle file, void* into);

    /// <summary>The fields of struct statx that are read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatistics
    {
        [FieldOffset(0)]
        internal uint Known;
        [FieldOffset(28)]
        internal ushort Mode;
        [FieldOffset(32)]
        internal ulong Inode;
        [FieldOffset(40)]
        internal ulong Size;
        [FieldOffset(80)]
        internal long BirthSeconds;
        [FieldOffset(88)]
        internal uint BirthNanoseconds;
        [FieldOffset(96)]
        internal long ChangeSeconds;
        [FieldOffset(104)]
        internal uint ChangeNanoseconds;
        [FieldOffset(112)]
        internal long ModificationSeconds;
        [FieldOffset(120)]
        internal uint ModificationNanoseconds;
        [FieldOffset(136)]
        internal uint DeviceMajor;
        [FieldOffset(140)]
        internal uint DeviceMinor;
    }
}
