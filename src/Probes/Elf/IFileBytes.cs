namespace EbpfActors.Probes.Elf;

/// <summary>
/// A file that may be anything and may change while it is read. It is read, never mapped: a mapping of a file that somebody truncates
/// kills the reader.
/// </summary>
internal interface IFileBytes
{
    ulong Length { get; }

    /// <summary>Fills as much as the file has from there; the number of bytes, 0 outside.</summary>
    int Read(ulong offset, Span<byte> into);
}
