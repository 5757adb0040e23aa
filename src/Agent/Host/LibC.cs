using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Agent.Host;

/// <summary>The few C library calls that .NET has no equivalent for. Each gives -1 and sets errno when it fails.</summary>
internal static partial class LibC
{
    public const int NoEntry = 2;
    public const int Again = 11;
    public const int Exists = 17;
    public const int Loop = 40;

    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;

    public const int Append = 0x400;

    /// <summary>Does not wait for the other end of a FIFO, is closed on exec.</summary>
    public const int NoWait = 0x800 | 0x80000;

    /// <summary>And does not follow a link.</summary>
    public const int NoLinkNoWait = 0x20000 | NoWait;

    public const int LockShared = 1;
    public const int LockExclusive = 2;
    public const int LockNoWait = 4;

    public static int Errno => Marshal.GetLastPInvokeError();

    /// <summary>The last error in the C library's words.</summary>
    public static string Reason => new Win32Exception(Errno).Message;

    [LibraryImport("libc")]
    public static partial int mallopt(int option, int value);

    [LibraryImport("libc")]
    public static partial int malloc_trim(nuint kept);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, ReadOnlySpan<byte> bytes, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getrlimit(int resource, Span<ulong> limits);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setrlimit(int resource, ReadOnlySpan<ulong> limits);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int folder, string path, int flags, uint wanted, Span<byte> statistics);
}
