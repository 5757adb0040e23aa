using System.Collections.Immutable;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Knows which programs are bash and keeps the probes on the files in which their readline is. Fed with processes, by exec, by a
/// scan, or by a line of one that neither has told of; never fails because of one. Not thread-safe.
/// </summary>
internal sealed class BashDiscovery(
    string procRoot, BashFiles kernel, AttachedFiles attached, FirstLines firstLines, UserNames users, AttachWorker worker)
{
    private const int MostOthers = 16_384;
    private static readonly TimeSpan LoadingTakesAtMost = TimeSpan.FromSeconds(2);

    private readonly KnownShells _shells = new();
    private readonly ShellLibraries _libraries = new();
    private readonly ShellCode _code = new(procRoot);
    private readonly HashSet<BashFile> _others = [];
    private readonly List<(RunningProgram Program, DateTime Until)> _loading = [];

    /// <summary>Programs called bash that have no symbol to probe, by path.</summary>
    public ImmutableSortedSet<string> Unreadable { get; private set; } = [];

    /// <summary>Some process has yet to load its library: <see cref="LookAgain"/> soon.</summary>
    public bool IsWaiting => _loading.Count > 0;

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
            kernel.Other(program.File); // it had to make room for others
        }
    }

    /// <summary>Decides about a line that the kernel side could not decide about, and tells it what it needs for the next.</summary>
    public LineVerdict Judge(in BashLine line)
    {
        var program = new RunningProgram(line.File, line.Place, line.Tgid, IsByStat: false);
        OnProgram(program, hasBegun: false);
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
    public void LookAgain()
    {
        var due = _loading.ToList();
        _loading.Clear();
        foreach (var (program, until) in due)
        {
            if (DateTime.UtcNow < until && ProcessFiles.ReadLink(Link(program.Tgid)) is not null)
            {
                FindLibrary(program, until);
            }
        }
    }

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
                shell.IsForgotten = true;
                foreach (var key in shell.Keys)
                {
                    kernel.Forget(key);
                }
            }

            scan();
        }

        HashSet<FileIdentity> files = [.. _shells.All.Where(s => !s.NeedsLibrary).Select(s => s.Program), .. _libraries.Files];
        _libraries.KeepFiles(files);
        worker.Post(() => attached.KeepOnly(files));
    }

    private void OnShell(in RunningProgram program, Shell shell, bool hasBegun)
    {
        var pid = program.Tgid;
        _shells.Runs(pid, shell);
        users.Remember(pid, program.Place); // as long as it is there
        if (shell.NeedsLibrary)
        {
            if (hasBegun || !_libraries.Knows(pid))
            {
                FindLibrary(program);
            }
        }
        else if (hasBegun && !shell.IsSettled && shell.Watched.Add(pid) && ProcessFiles.ReadLink(Link(pid)) is { } path)
        {
            EndWatch(pid, Watch(pid, shell.Site, _code.Of(pid, path)));
        }
    }

    private void Examine(in RunningProgram program, bool hasBegun)
    {
        var link = Link(program.Tgid);
        var file = OpenedFile.TryOpen(link, out _);

        // It may have gone, or be another program by now. Then nothing is noted, so that the next one is told again.
        if (file is null || file.Length != program.File.Size || ProcessFiles.ReadLink(link) is not { } path)
        {
            file?.Dispose();
            return;
        }

        var kind = ShellProgram.Classify(file, path);
        if (kind.Kind is ShellKind.WithReadline or ShellKind.NeedsLibrary)
        {
            AddShell(program, kind, file, path, hasBegun);
            return;
        }

        file.Dispose();
        Unreadable = kind.Kind == ShellKind.Unreadable ? Unreadable.Add(path) : Unreadable;
        Dismiss(program);
    }

    private void AddShell(in RunningProgram program, ShellProgram kind, OpenedFile file, string path, bool hasBegun)
    {
        var code = _code.Of(program.Tgid, path);
        var identity = code.Count > 0 ? code[0].File : program.File.Identity;
        if (_shells.Same(identity, file.Length) is { } same)
        {
            file.Dispose();
            AddKey(program, same);
            OnShell(program, same, hasBegun);
            return;
        }

        var needsLibrary = kind.Kind == ShellKind.NeedsLibrary;
        var shell = new Shell(identity, file.Length, needsLibrary ? 0 : _libraries.Owner(identity), kind.Site);
        if (needsLibrary)
        {
            file.Dispose();
            AddKey(program, shell);
            OnShell(program, shell, hasBegun);
            return;
        }

        _shells.Add(program.File, shell);
        var watched = hasBegun && shell.Watched.Add(program.Tgid) ? Watch(program.Tgid, shell.Site, code) : null;
        worker.Post(() =>
        {
            using (file)
            {
                attached.Attach(identity, shell.Owner, file, path, shell.Site);
            }
        });
        AddKey(program, shell);
        worker.Post(() => shell.IsSettled = true);
        EndWatch(program.Tgid, watched);
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

    /// <summary>The kernel side is told when the probe is there: until then a breakpoint may speak.</summary>
    private void AddKey(BashFile key, Shell shell)
    {
        _shells.Add(key, shell);
        if (shell.NeedsLibrary)
        {
            kernel.Shell(key, owner: 0);
            return;
        }

        worker.Post(() =>
        {
            kernel.Shell(key, shell.Owner);
            if (shell.IsForgotten)
            {
                kernel.Forget(key);
            }
        });
    }

    private IDisposable? Watch(uint pid, ReadlineSite? site, IReadOnlyList<MappedCode> code) =>
        site is null ? null : firstLines.Watch(pid, site, code);

    /// <summary>Once the worker has attached to the file, and no line is left that was told by the breakpoint and has yet to meet the probe.</summary>
    private void EndWatch(uint pid, IDisposable? watched)
    {
        if (watched is null)
        {
            return;
        }

        worker.PostLater(() =>
        {
            kernel.ForgetTold(pid);
            watched.Dispose();
            kernel.ForgetTold(pid); // or the probe would be silent for what the breakpoint told meanwhile
        });
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
            kernel.Other(program.File);
        }
    }

    private void FindLibrary(in RunningProgram program, DateTime? until = null)
    {
        var pid = program.Tgid;

        // While it is being loaded its mapping is cut into pieces: one that was just there may have another range by now.
        if (_code.Library(pid) is not { } library || OpenedFile.TryOpen(library.Code.Link(procRoot, pid), out _) is not { } opened)
        {
            _loading.Add((program, until ?? DateTime.UtcNow + LoadingTakesAtMost));
            return;
        }

        _libraries.Loaded(pid, library.Code.File);
        var owner = _libraries.Owner(library.Code.File);
        var site = ReadlineSite.Find(opened);
        var watched = Watch(pid, site, [library.Code]);
        worker.Post(() =>
        {
            using (opened)
            {
                attached.Attach(library.Code.File, owner, opened, library.Path, site);
            }

            kernel.Owner(pid, owner);
        });
        EndWatch(pid, watched);
    }

    private string Link(uint pid) => $"{procRoot}/{pid}/exe";
}
