using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Processes;

/// <summary>A file of this host, open for reading.</summary>
internal sealed class OpenedFile : IMappedFile
{
    private const int Folder = 0x10000 | LibC.OpenNothing; // O_DIRECTORY
    private const ushort KindMask = 0xf000;
    private const ushort Regular = 0x8000;

    private readonly SafeFileHandle _file;
    private readonly LibC.FileStatistics _statistics;

    private OpenedFile(SafeFileHandle file, in LibC.FileStatistics statistics)
    {
        _file = file;
        _statistics = statistics;
        IsOnOverlay = LibC.FileSystemKind(file) == LibC.OverlayFileSystem;
    }

    public ulong Length => _statistics.Size;

    public bool IsRegular => (_statistics.Mode & KindMask) == Regular;

    public bool IsOnOverlay { get; }

    public string Path => $"/proc/self/fd/{_file.DangerousGetHandle()}";

    public FileOrigin Origin => (_statistics.Known & LibC.TimeOfBirth) != 0
        ? new FileOrigin((uint)_statistics.Inode, Nanoseconds(_statistics.BirthSeconds, _statistics.BirthNanoseconds), null)
        : new FileOrigin((uint)_statistics.Inode, 0, Revision);

    internal FileRevision Revision => new(
        (uint)_statistics.Inode,
        _statistics.Size,
        Nanoseconds(_statistics.ModificationSeconds, _statistics.ModificationNanoseconds),
        Nanoseconds(_statistics.ChangeSeconds, _statistics.ChangeNanoseconds));

    /// <summary>What stat says; on some file systems (btrfs, overlay) not what mappings show.</summary>
    internal FileIdentity StatIdentity => Identity(_statistics);

    /// <summary>Null and the errno when it cannot be opened. A device or FIFO is never opened, only told as what it is.</summary>
    internal static OpenedFile? TryOpen(string path, out int errno) => TryOpen(Pin(path, out errno), ref errno);

    /// <summary>
    /// Holds on to the file behind a path without opening it: of a link of /proc no file system is asked, so this does not wait for one.
    /// Null and the errno when there is none.
    /// </summary>
    internal static SafeFileHandle? Pin(string path, out int errno) => Own(LibC.open(path, LibC.OpenNothing), out errno);

    /// <summary>What stat says of a pinned file; the default value when it says nothing.</summary>
    internal static FileIdentity IdentityOf(SafeFileHandle pinned) => LibC.StatX(pinned, out var statistics) == 0 ? Identity(statistics) : default;

    /// <summary>Opens what is pinned, and lets go of the pin. Null when it cannot be opened, or nothing is pinned.</summary>
    internal static OpenedFile? TryOpen(SafeFileHandle? pinned, ref int errno)
    {
        using var pin = pinned;
        return pin is null ? null : TryOwn(pin, out errno);
    }

    /// <summary>A file inside the root of another process, which may be hostile: links cannot lead out of it. Null when it cannot be opened.</summary>
    internal static OpenedFile? TryOpenInside(string root, string path)
    {
        var opened = LibC.open(root, Folder);
        if (opened < 0)
        {
            return null;
        }

        using var folder = new SafeFileHandle(opened, ownsHandle: true);
        var pinned = Own(LibC.OpenBeneath(folder, path), out var errno);
        return TryOpen(pinned, ref errno);
    }

    public int Read(ulong offset, Span<byte> into)
    {
        if (offset >= Length)
        {
            return 0;
        }

        try
        {
            var filled = 0;
            for (int got; filled < into.Length && (got = RandomAccess.Read(_file, into[filled..], (long)offset + filled)) > 0;)
            {
                filled += got;
            }

            return filled;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileIdentity Identity(in LibC.FileStatistics statistics) =>
        FileIdentity.Of(statistics.DeviceMajor, statistics.DeviceMinor, statistics.Inode);

    private static long Nanoseconds(long seconds, uint more) => seconds * 1_000_000_000 + more;

    private static SafeFileHandle? Own(int opened, out int errno)
    {
        if (opened < 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return null;
        }

        var file = new SafeFileHandle(opened, ownsHandle: true);
        errno = DescriptorReserve.Has(opened) ? Errno.TooManyOpen : 0;
        if (errno == 0)
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    /// <summary>Opening a device may do things, and a FIFO may wait: what is no regular file stays as it is, and cannot be read.</summary>
    private static OpenedFile? TryOwn(SafeFileHandle pinned, out int errno)
    {
        if (LibC.StatX(pinned, out var statistics) != 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return null;
        }

        var path = (statistics.Mode & KindMask) == Regular ? $"/proc/self/fd/{pinned.DangerousGetHandle()}" : null;
        var file = Own(path is null ? LibC.Duplicate(pinned) : LibC.open(path, LibC.OpenToLookAt), out errno);
        return file is null ? null : new OpenedFile(file, statistics);
    }
}
