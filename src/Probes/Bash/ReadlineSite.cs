using EbpfActors.Probes.Elf;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Where in a file readline() hands out a line: its return instructions, where shells that wait at their prompt come by as
/// well, or else its entry, for a return probe.
/// </summary>
internal sealed record ReadlineSite(IReadOnlyList<ulong> Offsets, bool IsEntry)
{
    private const int MostCode = 16 * 1024;

    /// <summary>Null when the file does not define the function.</summary>
    public static ReadlineSite? Find(SafeFileHandle file)
    {
        if (ElfFile.TryOpen(file) is not { } elf || elf.FindFunction("readline"u8) is not { } readline)
        {
            return null;
        }

        var code = elf.ReadCode(readline, MostCode);
        var returns = code.Length > 0 ? ReturnSites.Find(code) : [];
        return returns.Count > 0
            ? new ReadlineSite([.. returns.Select(r => readline.FileOffset + (ulong)r)], IsEntry: false)
            : new ReadlineSite([readline.FileOffset], IsEntry: true);
    }
}
