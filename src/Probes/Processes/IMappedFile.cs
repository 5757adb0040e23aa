using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Processes;

/// <summary>A mapped file held open: what it was when it was found, it stays.</summary>
internal interface IMappedFile : IFileBytes, IDisposable
{
    FileOrigin Origin { get; }

    bool IsRegular { get; }

    /// <summary>
    /// On an overlay file system newer kernels (6.12; not yet 6.1) show a device and inode of the overlay's own for what is really a file of a
    /// lower layer, which other overlays may share.
    /// </summary>
    bool IsOnOverlay { get; }

    /// <summary>Opens the same file as long as this is not disposed.</summary>
    string Path { get; }
}

/// <summary>
/// Tells a file from its copy, and it is the same whatever is done to the file. A file of a lower layer has the same in every overlay and
/// beneath; its copy in an upper layer was born later.
/// </summary>
/// <param name="Inode">The lower 32 bits: an overlay may mark the upper ones.</param>
/// <param name="BornNanoseconds">Since 1970; 0 where the file system keeps no time of birth.</param>
/// <param name="Revision">What tells instead where it keeps none: another name or mode makes another file of it then.</param>
internal readonly record struct FileOrigin(uint Inode, long BornNanoseconds, FileRevision? Revision);

/// <summary>Tells one content of a file from another, and one state of what stat says of it.</summary>
/// <param name="Inode">The lower 32 bits: an overlay may mark the upper ones.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNanoseconds">Since 1970, of the content.</param>
/// <param name="ChangedNanoseconds">Since 1970, of content, owner, mode or names.</param>
internal readonly record struct FileRevision(uint Inode, ulong Size, long ModifiedNanoseconds, long ChangedNanoseconds);
