using EbpfActors.Probes.Elf;
using Microsoft.Win32.SafeHandles;

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

/// <summary>Tells bash from other programs by what the file holds, whatever it is called.</summary>
internal static class ShellProgram
{
    public static ShellKind Classify(SafeFileHandle program, string path)
    {
        if (ElfFile.TryOpen(program) is not { } elf)
        {
            return ShellKind.Other;
        }

        // bash exports its functions for loadable builtins; stripping leaves those.
        if (!IsCalledBash(path) && elf.FindExportedFunction("bash_initialize_history"u8) is null)
        {
            return ShellKind.Other;
        }

        return elf.FindFunction("readline"u8) is not null ? ShellKind.WithReadline
            : elf.Imports("readline"u8) ? ShellKind.NeedsLibrary
            : ShellKind.Unreadable;
    }

    /// <summary>Compiles what a first shell would otherwise have to wait for.</summary>
    public static void WarmUp()
    {
        using var self = ProcessFiles.Open("/proc/self/exe");
        if (self is not null)
        {
            Classify(self, "bash");
        }

        ReturnSites.Find([0x53, 0x74, 0x00, 0x5b, 0xc3]); // push rbx; je +0; pop rbx; ret
    }

    private static bool IsCalledBash(string path) => Path.GetFileName(path.AsSpan()) is "bash" or "bash (deleted)" or "rbash" or "bash-static";
}
