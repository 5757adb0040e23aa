using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Where in a file readline() hands out a line: its return instructions, where shells that wait at their prompt come by as
/// well, or else its entry, for a return probe.
/// </summary>
internal sealed record ReadlineSite(IReadOnlyList<ulong> Offsets, bool IsEntry)
{
    internal const string Function = "readline";

    private const int MostCode = 16 * 1024;

    /// <summary>Null when the file does not define the function.</summary>
    public static ReadlineSite? Find(IFileBytes file) =>
        ElfImage.Read(file) is { } elf && ElfSymbols.Find(elf, Function).TryGetValue(Function, out var readline) ? Of(elf, readline) : null;

    /// <summary>Null when there is no code of it in the file.</summary>
    public static ReadlineSite? Of(ElfImage elf, ElfSymbol readline)
    {
        if (elf.CodeOffset(readline.Address) is not { } offset)
        {
            return null;
        }

        var isKnown = readline.Size is > 0 and <= MostCode;
        var returns = isKnown ? ReturnSites.Find(elf.Code(readline.Address, (int)readline.Size)) : [];
        return returns.Count > 0
            ? new ReadlineSite([.. returns.Select(r => offset + (ulong)r)], IsEntry: false)
            : new ReadlineSite([offset], IsEntry: true);
    }
}
