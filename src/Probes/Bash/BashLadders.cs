using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Bash;

/// <summary>Where this probe stands on the ladder of each of its hooks, and which programs of the object <c>bash</c> each rung needs.</summary>
internal sealed class BashLadders(WithoutHooks without)
{
    internal const string OnLine = "bash_on_line";
    internal const string OnExec = "bash_on_exec";
    internal const string OnExecRaw = "bash_on_exec_raw";
    internal const string OnBreak = "bash_on_break";
    internal const string Scan = "bash_scan";

    private const string NoLines = "without bash-lines it has no use";

    public Ladder Lines { get; } = new(BashHooks.Lines, without);

    public Ladder Exec { get; } = new(BashHooks.Exec, without);

    public Ladder Shells { get; } = new(BashHooks.Shells, without);

    public Ladder FirstLines { get; } = new(BashHooks.FirstLines, without);

    public IReadOnlyList<ProgramLadder> Programs =>
    [
        new(Lines, ("uprobe_multi", [OnLine]), ("uprobe", [OnLine]), ("perf_event", [OnLine])),
        new(Exec, ("tp_btf", [OnExec]), ("raw_tp", [OnExecRaw])),
        new(Shells, ("iter", [Scan])),
        new(FirstLines, ("breakpoint", [OnBreak])),
    ];

    /// <summary>A hook that builds upon another goes when that one has gone; whether any did.</summary>
    public bool Settle()
    {
        if (Lines.Rung is null && (Exec.Rung ?? Shells.Rung ?? FirstLines.Rung) is not null)
        {
            Exec.RefuseAll(NoLines);
            Shells.RefuseAll(NoLines);
            FirstLines.RefuseAll(NoLines);
            return true;
        }

        if (Shells.Rung is null)
        {
            Exec.Refuse("scan", "there is no scan");
        }

        return false;
    }
}
