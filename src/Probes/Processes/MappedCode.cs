using System.Globalization;

namespace EbpfActors.Probes.Processes;

/// <summary>A part of a file that a process has mapped executable, kept.</summary>
/// <param name="File">What is mapped.</param>
/// <param name="Start">The first address.</param>
/// <param name="End">The first address behind it.</param>
/// <param name="Offset">Where in the file it begins, in bytes.</param>
internal readonly record struct MappedCode(FileIdentity File, ulong Start, ulong End, ulong Offset)
{
    public static MappedCode Of(in Mapping mapping) => new(mapping.File, mapping.Start, mapping.End, mapping.Offset);

    /// <summary>The address of what stands at an offset in the file; null when it is not in this part.</summary>
    public ulong? Address(ulong offset) => offset >= Offset && offset - Offset < End - Start ? Start + (offset - Offset) : null;

    /// <summary>What opens the file itself, wherever it is and whether it was deleted or not.</summary>
    public string Link(string procRoot, uint pid) => string.Create(CultureInfo.InvariantCulture, $"{procRoot}/{pid}/map_files/{Start:x}-{End:x}");
}
