using System.Collections.Immutable;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Knows which programs are bash and keeps the probes on the files in which their readline is. Fed with processes, by exec or
/// by a scan; never fails because of one. Not thread-safe.
/// </summary>
internal sealed class BashDiscovery(
    string procRoot, BashFiles kernel, AttachedFiles attached, FirstLines firstLines, UserNames users, AttachWorker worker)
{
    private const int MostOthers = 16_384;
    private static readonly TimeSpan LoadingTakesAtMost = TimeSpan.FromSeconds(2);

    private readonly Dictionary<BashFile, Shell> _shells = [];
    private readonly Dictionary<uint, FileIdentity> _libraryOf = [];
    private readonly ShellCode _code = new(procRoot);
    private readonly HashSet<BashFile> _others = [];
    private readonly List<(BashProcess Process, DateTime Until)> _loading = [];

    /// <summary>Programs called bash that have no symbol to probe, by path.</summary>
    public ImmutableSortedSet<string> Unreadable { get; private set; } = [];

    /// <summary>Some process has yet to load its library: <see cref="LookAgain"/> soon.</summary>
    public bool IsWaiting => _loading.Count > 0;

    /// <param name="process">Which program it runs.</param>
    /// <param name="hasBegun">Just now: then its first line is not to wait for the probe.</param>
    public void OnProcess(in BashProcess process, bool hasBegun)
    {
        if (_shells.TryGetValue(process.File, out var shell))
        {
            OnShell(process, shell, hasBegun);
        }
        else if (_others.Contains(process.File))
        {
            kernel.Other(process.File); // it had to make room for others
        }
        else
        {
            Examine(process, hasBegun);
        }

        if (_shells.ContainsKey(process.File))
        {
            users.Remember(process.Tgid, process.Place); // as long as it is there
        }
    }

    /// <summary>Looks whether those that were still being loaded have their library now.</summary>
    public void LookAgain()
    {
        var due = _loading.ToList();
        _loading.Clear();
        foreach (var (process, until) in due)
        {
            if (DateTime.UtcNow < until && ProcessFiles.ReadLink(Program(process.Tgid)) is not null)
            {
                FindLibrary(process, until);
            }
        }
    }

    /// <summary>
    /// Forgets what nobody runs any more. <paramref name="scan"/> hands every process to <see cref="OnProcess"/> and gives all
    /// programs and processes that it saw; it is asked again before anything is detached, for what started meanwhile.
    /// </summary>
    public void Forget(Func<(HashSet<BashFile> Programs, HashSet<uint> Processes)> scan)
    {
        var seen = scan();
        var gone = _shells.Keys.Where(f => !seen.Programs.Contains(f)).ToList();
        foreach (var process in _libraryOf.Keys.Where(p => !seen.Processes.Contains(p)).ToList())
        {
            _libraryOf.Remove(process);
        }

        if (gone.Count > 0)
        {
            // From here on an exec of them is told again; one before is seen by the second scan.
            foreach (var file in gone)
            {
                _shells.Remove(file);
                kernel.Forget(file);
            }

            scan();
        }

        HashSet<FileIdentity> files = [.. _shells.Values.Select(s => s.File).OfType<FileIdentity>(), .. _libraryOf.Values];
        worker.Post(() => attached.KeepOnly(files));
    }

    private void OnShell(in BashProcess process, Shell shell, bool hasBegun)
    {
        if (shell.File is null)
        {
            if (!_libraryOf.ContainsKey(process.Tgid))
            {
                FindLibrary(process);
            }
        }
        else if (hasBegun && !shell.IsSettled && shell.Watched.Add(process.Tgid) && ProcessFiles.ReadLink(Program(process.Tgid)) is { } path)
        {
            EndWatch(process.Tgid, Watch(process.Tgid, shell.Site, _code.Of(process.Tgid, path)));
        }
    }

    private void Examine(in BashProcess process, bool hasBegun)
    {
        var link = Program(process.Tgid);
        var program = OpenedFile.TryOpen(link, out _);

        // It may have gone, or be another program by now. Then nothing is noted, so that the next one is told again.
        if (program is null || program.Length != process.File.Size || ProcessFiles.ReadLink(link) is not { } path)
        {
            program?.Dispose();
            return;
        }

        var shell = ShellProgram.Classify(program, path);
        if (shell.Kind == ShellKind.WithReadline)
        {
            AddShell(process, shell.Site, program, path, hasBegun);
            return;
        }

        program.Dispose();
        Settle(process, shell.Kind, path);
    }

    private void Settle(in BashProcess process, ShellKind kind, string path)
    {
        switch (kind)
        {
            case ShellKind.NeedsLibrary:
                kernel.Shell(process.File, owner: 0);
                _shells[process.File] = new Shell(File: null, Site: null);
                FindLibrary(process);
                break;
            case ShellKind.Unreadable:
                Unreadable = Unreadable.Add(path);
                Dismiss(process.File);
                break;
            default:
                Dismiss(process.File);
                break;
        }
    }

    private void AddShell(in BashProcess process, ReadlineSite? site, OpenedFile program, string path, bool hasBegun)
    {
        var code = _code.Of(process.Tgid, path);
        var (key, shell) = (process.File, new Shell(code.Count > 0 ? code[0].File : process.File.Identity, site));
        _shells[key] = shell;
        var watched = hasBegun && shell.Watched.Add(process.Tgid) ? Watch(process.Tgid, site, code) : null;
        worker.Post(() => Attach(key, shell, program, path));
        EndWatch(process.Tgid, watched);
    }

    private void Attach(BashFile key, Shell shell, OpenedFile program, string path)
    {
        using (program)
        {
            if (attached.Attach(shell.File!.Value, program, path, shell.Site) is var owner and not 0)
            {
                kernel.Shell(key, owner);
            }
        }

        shell.IsSettled = true;
    }

    private IDisposable? Watch(uint pid, ReadlineSite? site, IReadOnlyList<MappedCode> code) =>
        site is null ? null : firstLines.Watch(pid, site, code);

    /// <summary>Once the worker has attached to the file, and no line is left that was told by the breakpoint and has yet to meet the probe.</summary>
    private void EndWatch(uint pid, IDisposable? watched) => worker.PostLater(() =>
    {
        kernel.ForgetTold(pid);
        watched?.Dispose();
    });

    private void Dismiss(in BashFile file)
    {
        if (_others.Count >= MostOthers)
        {
            _others.Clear();
        }

        _others.Add(file);
        kernel.Other(file);
    }

    private void FindLibrary(in BashProcess process, DateTime? until = null)
    {
        var pid = process.Tgid;

        // While it is being loaded its mapping is cut into pieces: one that was just there may have another range by now.
        if (_code.Library(pid) is not { } library || OpenedFile.TryOpen(library.Code.Link(procRoot, pid), out _) is not { } opened)
        {
            _loading.Add((process, until ?? DateTime.UtcNow + LoadingTakesAtMost));
            return;
        }

        _libraryOf[pid] = library.Code.File;
        var site = ReadlineSite.Find(opened);
        var watched = Watch(pid, site, [library.Code]);
        worker.Post(() =>
        {
            using (opened)
            {
                kernel.Owner(pid, attached.Attach(library.Code.File, opened, library.Path, site));
            }
        });
        EndWatch(pid, watched);
    }

    private string Program(uint pid) => $"{procRoot}/{pid}/exe";

    /// <summary>A program that is bash.</summary>
    /// <param name="File">In which its readline is; null where each process has its own.</param>
    /// <param name="Site">Where in that file.</param>
    private sealed record Shell(FileIdentity? File, ReadlineSite? Site)
    {
        private volatile bool _isSettled;

        /// <summary>Its processes that are not to wait for the probe: two breakpoints would tell a line twice.</summary>
        public HashSet<uint> Watched { get; } = [];

        /// <summary>Its file has a probe that speaks, or will never have one. From any thread.</summary>
        public bool IsSettled
        {
            get => _isSettled;
            set => _isSettled = value;
        }
    }
}
