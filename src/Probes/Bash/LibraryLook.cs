using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A look for the readline that a process has loaded as a library.</summary>
/// <param name="procRoot">The host's /proc.</param>
/// <param name="program">The process, with the program that needs it.</param>
/// <param name="until">How long it is worth looking again (UTC).</param>
/// <param name="done">Called when it is over.</param>
internal sealed class LibraryLook(string procRoot, RunningProgram program, DateTime until, Action<LibraryLook, InspectionEnd> done) : Inspection
{
    public RunningProgram Program => program;

    public DateTime Until => until;

    public MappedCode Code { get; private set; }

    /// <summary>What the process calls it.</summary>
    public string Path { get; private set; } = "";

    /// <summary>The library's file; null when it is not loaded yet.</summary>
    public OpenedFile? File { get; private set; }

    /// <summary>Where its readline is; null when it has none.</summary>
    public ReadlineSite? Site { get; private set; }

    public override void Look(ReadBudget budget)
    {
        // While it is being loaded its mapping is cut into pieces: one that was just there may have another range by now.
        if (new ShellCode(procRoot).Library(program.Tgid) is var (code, path))
        {
            (Code, Path, File) = (code, path, OpenedFile.TryOpen(code.Link(procRoot, program.Tgid), out _));
            Site = File is null ? null : ReadlineSite.Find(new BudgetedBytes(File, budget));
        }
    }

    public override void Done(InspectionEnd end) => done(this, end);

    /// <summary>The file now belongs to the caller.</summary>
    public OpenedFile Keep()
    {
        var file = File!;
        File = null;
        return file;
    }

    public override void Dispose() => File?.Dispose();
}
