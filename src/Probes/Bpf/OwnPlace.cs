using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bpf;

/// <summary>
/// A place for a trial uprobe: the first instruction of this program, which runs once in a process, at its start. A way to attach that
/// is refused here is refused everywhere; once it was allowed here, a refusal is about the file that it was refused for.
/// </summary>
/// <param name="Path">Opens the file, within this process.</param>
/// <param name="Offset">In the file, in bytes.</param>
internal sealed record OwnPlace(string Path, ulong Offset)
{
    private const string Program = "/proc/self/exe";

    /// <exception cref="BpfException">This program's file cannot be read.</exception>
    public static OwnPlace Find()
    {
        using var file = OpenedFile.TryOpen(Program, out var errno) ?? throw new BpfException($"open {Program}", errno);
        return ElfImage.Read(file) is { } image && image.CodeOffset(image.Entry) is { } offset
            ? new OwnPlace(Program, offset)
            : throw new BpfException($"find the first instruction of {Program}", Errno.Invalid);
    }
}
