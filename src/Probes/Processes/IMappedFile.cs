using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Processes;

/// <summary>A mapped file held open: what it was when it was found, it stays.</summary>
internal interface IMappedFile : IFileBytes, IDisposable
{
    FileRevision Revision { get; }

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
/// Tells one content of a file from another, and a file from its copy. A file of a lower layer has the same in every overlay and beneath;
/// a copy in an upper layer has another change time.
/// </summary>
/// <param name="Inode">The lower 32 bits: an overlay may mark the upper ones.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNanoseconds">Since 1970, of the content.</param>
/// <param name="ChangedNanoseconds">Since 1970, of content, owner, mode or names.</param>
internal readonly record struct FileRevision(uint Inode, ulong Size, long ModifiedNanoseconds, long ChangedNanoseconds);
