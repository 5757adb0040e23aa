using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Knows which programs are bash and keeps the probes on the files in which their readline is. Fed with processes, by exec, by a
/// scan, or by a line of one that neither has told of; never fails because of one, and opens none of their files itself. Not thread-safe.
/// </summary>
internal sealed class BashDiscovery
{
    private const int MostOthers = 16_384;

    private readonly string _procRoot;
    private readonly BashFiles _kernel;
    private readonly ShellProbes _probes;
    private readonly UserNames _users;
    private readonly Inspectors _inspectors;
    private readonly BashLosses _losses;
    private readonly KnownShells _shells;
    private readonly ShellLibraries _libraries = new();
    private readonly LibraryWatch _loading;
    private readonly ProgramLooks _looks;
    private readonly HashSet<BashFile> _others = [];
    private readonly HashSet<BashFile> _tooMany = [];

    public BashDiscovery(
        string procRoot, BashFiles kernel, ShellProbes probes, UserNames users, Inspectors inspectors, BashLosses losses, int maxFiles)
    {
        (_procRoot, _kernel, _probes, _users, _inspectors, _losses) = (procRoot, kernel, probes, users, inspectors, losses);
        _shells = new KnownShells(maxFiles);
        _loading = new LibraryWatch(procRoot, inspectors.Quick, losses, OnLibrary);
        _looks = new ProgramLooks(procRoot, inspectors, losses, Looked);
    }

    /// <summary>Programs whose lines are not seen.</summary>
    public UnseenShells Unseen { get; } = new();

    /// <summary>What is known has changed since this was set to false.</summary>
    public bool HasChanged { get; set; }

    /// <summary>Some process has yet to load its library: <see cref="LookAgain"/> soon.</summary>
    public bool IsWaiting => _loading.IsWaiting;

    /// <summary>Those that are known to run a shell.</summary>
    public IReadOnlyCollection<uint> ShellProcesses => _shells.Processes;

    /// <param name="program">Of some process.</param>
    /// <param name="hasBegun">Just now: then its first line is not to wait for the probe.</param>
    public void OnProgram(in RunningProgram program, bool hasBegun)
    {
        if (_shells.Find(program.File) is { } shell)
        {
            OnShell(program, shell, hasBegun);
        }
        else if (!_others.Contains(program.File))
        {
            Examine(program, hasBegun);
        }
        else if (!program.IsByStat)
        {
            _kernel.Other(program.File); // it had to make room for others
        }
    }

    /// <summary>Decides about a line that the kernel side could not decide about, and tells it what it needs for the next.</summary>
    /// <param name="line">The line.</param>
    /// <param name="isFirst">False when it had to wait before: its program is not looked into again.</param>
    public LineVerdict Judge(in BashLine line, bool isFirst)
    {
        var program = new RunningProgram(line.File, line.Place, line.Tgid, IsByStat: false);
        if (isFirst)
        {
            OnProgram(program, hasBegun: false);
        }

        if (_looks.Contain(line.File))
        {
            return LineVerdict.Wait;
        }

        if (_others.Contains(line.File))
        {
            return LineVerdict.NotAShells;
        }

        if ((_shells.Find(line.File) ?? Learn(line)) is not { } shell)
        {
            return LineVerdict.Unknown;
        }

        var speaks = line.Owner == 0 || (shell.NeedsLibrary ? _libraries.Speaks(line.Tgid, line.Owner) : shell.Owner == line.Owner);
        return speaks ? LineVerdict.Tell : LineVerdict.NotAShells;
    }

    /// <summary>A line has the kernel's key of its program: the kernel side is to know the shell by it, if it does not yet. Null when it is none.</summary>
    public Shell? Learn(in BashLine line)
    {
        var shell = _shells.Find(line.File);
        if (shell is null && (shell = _shells.Recall(line)) is not null)
        {
            AddKey(line.File, shell);
        }

        return shell;
    }

    /// <summary>Looks whether those that were still being loaded have their library now.</summary>
    public void LookAgain() => _loading.LookAgain();

    /// <summary>
    /// Forgets what nobody runs any more. <paramref name="scan"/> hands every process to <see cref="OnProgram"/> and gives all
    /// programs and processes that it saw; it is asked again before anything is detached, for what started meanwhile.
    /// </summary>
    public void Forget(Func<(HashSet<BashFile> Programs, HashSet<uint> Processes)> scan)
    {
        var seen = scan();
        _libraries.KeepProcesses(seen.Processes);
        var gone = _shells.TakeGone(seen.Programs, seen.Processes);
        if (gone.Count > 0)
        {
            // From here on an exec of them is told again; one before is seen by the second scan.
            foreach (var shell in gone)
            {
                _probes.Forget(shell);
            }

            scan();
        }

        _looks.ForgetHung();
        Unseen.KeepOnly(seen.Programs);
        _tooMany.Clear();
        HasChanged = true;
        HashSet<FileIdentity> files = [.. _shells.All.Where(s => !s.NeedsLibrary).Select(s => s.Program), .. _libraries.Files];
        _libraries.KeepFiles(files);
        _probes.KeepOnly(files);
    }

    private void OnShell(in RunningProgram program, Shell shell, bool hasBegun)
    {
        var pid = program.Tgid;
        _shells.Runs(pid, shell);
        _users.Remember(pid, program.Place); // as long as it is there
        if (shell.NeedsLibrary)
        {
            if (hasBegun || !_libraries.Knows(pid))
            {
                _loading.Find(program);
            }
        }
        else if (hasBegun && !shell.IsSettled && shell.Watched.Add(pid))
        {
            _inspectors.Quick.Post(new CodeLook(_procRoot, pid, shell, OnCode));
        }
    }

    private void OnCode(CodeLook look, InspectionEnd end)
    {
        if (end == InspectionEnd.Done && !look.Shell.IsSettled)
        {
            _probes.EndWatch(look.Pid, _probes.Watch(look.Pid, look.Shell.Site, look.Code));
        }
    }

    private void Examine(in RunningProgram program, bool hasBegun)
    {
        if (!_tooMany.Contains(program.File))
        {
            _looks.Begin(program, hasBegun);
        }
    }

    private void Looked(ProgramLook look, InspectionEnd end)
    {
        HasChanged = true;
        if (end.Problem() is { } problem)
        {
            Unseen.Add(look.Program.File, look.Path!, problem);
        }

        if (end == InspectionEnd.Done)
        {
            Take(look);
        }
        else if (end == InspectionEnd.OverBudget)
        {
            Dismiss(look.Program); // one that hangs may come to answer
        }

        foreach (var (other, hasBegun) in look.Others)
        {
            OnProgram(other, hasBegun);
        }
    }

    private void Take(ProgramLook look)
    {
        if (look.Kind is not { } kind)
        {
            return; // another program by now
        }

        if (kind.Kind is ShellKind.WithReadline or ShellKind.NeedsLibrary)
        {
            AddShell(look, kind);
            return;
        }

        if (kind.Kind == ShellKind.Unreadable)
        {
            Unseen.Add(look.Program.File, look.Path!, "it has no symbols");
        }

        Dismiss(look.Program);
    }

    private void AddShell(ProgramLook look, ShellProgram kind)
    {
        var (program, path, code) = (look.Program, look.Path!, look.Code);
        var identity = code.Count > 0 ? code[0].File : program.File.Identity;
        if (_shells.Same(identity, look.File!.Length) is { } same)
        {
            AddKey(program, same);
            OnShell(program, same, look.HasBegun);
            return;
        }

        if (_shells.IsFull)
        {
            _losses.CountFilesFull();
            _tooMany.Add(program.File);
            Unseen.Add(program.File, path, "too many other files are watched");
            return;
        }

        var needsLibrary = kind.Kind == ShellKind.NeedsLibrary;
        var shell = new Shell(identity, look.File.Length, needsLibrary ? 0 : _libraries.Owner(identity), kind.Site);
        if (needsLibrary)
        {
            AddKey(program, shell);
            OnShell(program, shell, look.HasBegun);
            return;
        }

        var file = look.Keep();
        _shells.Add(program.File, shell);
        var watched = look.HasBegun && shell.Watched.Add(program.Tgid) ? _probes.Watch(program.Tgid, shell.Site, code) : null;
        _probes.Attach(identity, shell.Owner, file, path, shell.Site);
        AddKey(program, shell);
        _probes.Settle(shell);
        _probes.EndWatch(program.Tgid, watched);
        OnShell(program, shell, hasBegun: false);
    }

    private void AddKey(in RunningProgram program, Shell shell)
    {
        if (program.IsByStat)
        {
            _shells.Add(program.File, shell); // the kernel side has other keys
        }
        else
        {
            AddKey(program.File, shell);
        }
    }

    private void AddKey(BashFile key, Shell shell)
    {
        _shells.Add(key, shell);
        _probes.Tell(key, shell);
    }

    private void Dismiss(in RunningProgram program)
    {
        if (_others.Count >= MostOthers)
        {
            _others.Clear();
        }

        _others.Add(program.File);
        if (!program.IsByStat)
        {
            _kernel.Other(program.File);
        }
    }

    private void OnLibrary(LibraryLook look)
    {
        var (pid, code, path, site, opened) = (look.Program.Tgid, look.Code, look.Path, look.Site, look.Keep());
        HasChanged = true;
        _libraries.Loaded(pid, code.File);
        var owner = _libraries.Owner(code.File);
        var watched = _probes.Watch(pid, site, [code]);
        _probes.Attach(pid, code.File, owner, opened, path, site);
        _probes.EndWatch(pid, watched);
    }
}
