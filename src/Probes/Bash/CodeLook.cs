using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A look where in the memory of a new process a known shell has its code.</summary>
internal sealed class CodeLook(string procRoot, uint pid, Shell shell, Action<CodeLook, InspectionEnd> done) : Inspection
{
    public uint Pid => pid;

    public Shell Shell => shell;

    public IReadOnlyList<MappedCode> Code { get; private set; } = [];

    public override void Look(ReadBudget budget) =>
        Code = ProcessFiles.ReadLink($"{procRoot}/{pid}/exe") is { } path ? new ShellCode(procRoot).Of(pid, path) : [];

    public override void Done(InspectionEnd end) => done(this, end);

    public override void Dispose()
    {
    }
}
