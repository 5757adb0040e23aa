using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Agent.Host;

/// <summary>What kind of file something is.</summary>
internal enum FileKind
{
    Other = 0,
    Fifo = 0x1,
    Folder = 0x4,
    Regular = 0x8,
    Link = 0xA,
    Socket = 0xC,
}

/// <summary>Which file something is, and of what kind: two names of one file are equal, a name that was given away is not.</summary>
internal readonly record struct FileStatus(FileKind Kind, ulong Device, ulong Inode)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint KindAndInode = 0x101; // STATX_TYPE | STATX_INO
    private const int Size = 256; // struct statx

    /// <summary>Of the name itself, not of what a link leads to; null when there is nothing.</summary>
    /// <exception cref="IOException">The folder may not be searched, or the path is too long.</exception>
    public static FileStatus? OfPath(string path)
    {
        Span<byte> statistics = stackalloc byte[Size];
        return LibC.statx(CurrentFolder, path, NoFollow, KindAndInode, statistics) == 0 ? Read(statistics)
            : LibC.Errno == LibC.NoEntry ? null
            : throw new IOException($"{path}: {LibC.Reason}");
    }

    /// <exception cref="IOException">The file cannot be asked.</exception>
    public static FileStatus Of(SafeFileHandle file)
    {
        Span<byte> statistics = stackalloc byte[Size];
        return LibC.statx((int)file.DangerousGetHandle(), "", EmptyPath, KindAndInode, statistics) == 0
            ? Read(statistics)
            : throw new IOException($"statx: {LibC.Reason}");
    }

    private static FileStatus Read(ReadOnlySpan<byte> statistics) => new(
        (FileKind)(BinaryPrimitives.ReadUInt16LittleEndian(statistics[28..]) >> 12),
        BinaryPrimitives.ReadUInt64LittleEndian(statistics[136..]),
        BinaryPrimitives.ReadUInt64LittleEndian(statistics[32..]));
}
