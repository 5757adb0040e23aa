using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Bash;

/// <summary>A look into the program of a process: whether it is bash.</summary>
/// <param name="procRoot">The host's /proc.</param>
/// <param name="program">What the process ran when it was told of.</param>
/// <param name="hasBegun">Just now.</param>
/// <param name="done">Called when it is over.</param>
internal sealed class ProgramLook(string procRoot, RunningProgram program, bool hasBegun, Action<ProgramLook, InspectionEnd> done) : Inspection
{
    private SafeFileHandle? _pinned = OpenedFile.Pin(Link(procRoot, program), out _);

    /// <summary>It has been looked into before, and that was not enough.</summary>
    public bool IsThorough { get; init; }

    public RunningProgram Program => program;

    public bool HasBegun => hasBegun;

    /// <summary>What the process calls it; null when the process has gone.</summary>
    public string? Path { get; } = ProcessFiles.ReadLink(Link(procRoot, program));

    /// <summary>Null when the process had gone or ran something else: then nothing is known of the program.</summary>
    public ShellProgram? Kind { get; private set; }

    /// <summary>The program's file.</summary>
    public OpenedFile? File { get; private set; }

    /// <summary>Where in memory a shell has its code.</summary>
    public IReadOnlyList<MappedCode> Code { get; private set; } = [];

    /// <summary>Further processes that began to run the program meanwhile.</summary>
    public List<(RunningProgram Program, bool HasBegun)> Others { get; } = [];

    public override void Look(ReadBudget budget)
    {
        var errno = 0;
        var pinned = _pinned;
        _pinned = null;
        File = OpenedFile.TryOpen(pinned, ref errno);
        if (File?.Length != program.File.Size || Path is null)
        {
            return;
        }

        var kind = ShellProgram.Classify(new BudgetedBytes(File, budget), Path);
        Code = kind.Kind is ShellKind.WithReadline or ShellKind.NeedsLibrary ? new ShellCode(procRoot).Of(program.Tgid, Path) : [];
        Kind = kind;
    }

    public override void Done(InspectionEnd end) => done(this, end);

    /// <summary>The file now belongs to the caller.</summary>
    public OpenedFile Keep()
    {
        var file = File!;
        File = null;
        return file;
    }

    public override void Dispose()
    {
        _pinned?.Dispose();
        File?.Dispose();
    }

    private static string Link(string procRoot, in RunningProgram program) => $"{procRoot}/{program.Tgid}/exe";
}
