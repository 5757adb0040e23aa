using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>What a program turned out to be.</summary>
internal enum ShellKind
{
    /// <summary>Not bash.</summary>
    Other,

    /// <summary>Bash with readline in itself.</summary>
    WithReadline,

    /// <summary>Bash that loads readline as a library.</summary>
    NeedsLibrary,

    /// <summary>Called bash, but without a symbol that tells where its readline is.</summary>
    Unreadable,
}

/// <summary>What a program is, told by what its file holds, whatever it is called.</summary>
/// <param name="Kind">Whether it is bash.</param>
/// <param name="Site">Where its readline is, when that is in itself.</param>
internal sealed record ShellProgram(ShellKind Kind, ReadlineSite? Site = null)
{
    /// <summary>bash exports its functions for loadable builtins; stripping leaves those.</summary>
    private const string Signature = "bash_initialize_history";

    public static ShellProgram Classify(IFileBytes program, string path)
    {
        if (ElfImage.Read(program) is not { } elf)
        {
            return new(ShellKind.Other);
        }

        var found = ElfSymbols.Find(elf, Signature, ReadlineSite.Function);
        if (!IsCalledBash(path) && !found.ContainsKey(Signature))
        {
            return new(ShellKind.Other);
        }

        return found.TryGetValue(ReadlineSite.Function, out var readline) ? new(ShellKind.WithReadline, ReadlineSite.Of(elf, readline))
            : NeedsReadline(elf) ? new(ShellKind.NeedsLibrary)
            : new(ShellKind.Unreadable);
    }

    private static bool NeedsReadline(ElfImage elf) =>
        elf.Section(".dynstr") is { } names && elf.File.Search(names.Offset, names.Size, "libreadline.so"u8, 1).Count > 0;

    /// <summary>Compiles what a first shell would otherwise have to wait for.</summary>
    public static void WarmUp()
    {
        using var self = OpenedFile.TryOpen("/proc/self/exe", out _);
        if (self is not null)
        {
            Classify(self, "bash");
        }

        ReturnSites.Find([0x53, 0x74, 0x00, 0x5b, 0xc3]); // push rbx; je +0; pop rbx; ret
    }

    private static bool IsCalledBash(string path) => Path.GetFileName(path.AsSpan()) is "bash" or "bash (deleted)" or "rbash" or "bash-static";
}
