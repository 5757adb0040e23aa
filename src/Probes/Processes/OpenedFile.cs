using System.Runtime.InteropServices;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Processes;

/// <summary>A file of this host, open for reading.</summary>
internal sealed class OpenedFile : IMappedFile
{
    private const int Folder = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC
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
    internal FileIdentity StatIdentity =>
        FileIdentity.Of(_statistics.DeviceMajor, _statistics.DeviceMinor, _statistics.Inode);

    /// <summary>Null and the errno when it cannot be opened.</summary>
    internal static OpenedFile? TryOpen(string path, out int errno) => TryOwn(LibC.open(path, LibC.OpenToLookAt), out errno);

    /// <summary>A file inside the root of another process, which may be hostile: links cannot lead out of it. Null when it cannot be opened.</summary>
    internal static OpenedFile? TryOpenInside(string root, string path)
    {
        var opened = LibC.open(root, Folder);
        if (opened < 0)
        {
            return null;
        }

        using var folder = new SafeFileHandle(opened, ownsHandle: true);
        return TryOwn(LibC.OpenBeneath(folder, path), out _);
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

    private static long Nanoseconds(long seconds, uint more) => seconds * 1_000_000_000 + more;

    private static OpenedFile? TryOwn(int opened, out int errno)
    {
        var file = new SafeFileHandle(opened, ownsHandle: true);
        LibC.FileStatistics statistics = default;
        if (opened >= 0 && !DescriptorReserve.Has(opened) && LibC.StatX(file, out statistics) == 0)
        {
            errno = 0;
            return new OpenedFile(file, statistics);
        }

        errno = opened >= 0 && DescriptorReserve.Has(opened) ? Errno.TooManyOpen : Marshal.GetLastPInvokeError();
        file.Dispose();
        return null;
    }
}
