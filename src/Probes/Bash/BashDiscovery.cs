using System.Collections.Immutable;
using System.Text;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Knows which programs are bash and keeps the probes on the files in which their readline is. Fed with processes, by exec or
/// by a scan; never fails because of one. Not thread-safe.
/// </summary>
internal sealed class BashDiscovery(string procRoot, BashFiles kernel, AttachedFiles attached, UserNames users, AttachWorker worker)
{
    private const int MostOthers = 16_384;
    private static readonly TimeSpan LoadingTakesAtMost = TimeSpan.FromSeconds(2);

    /// <summary>Programs that are bash, with the file that their readline is in; null where each process has its own.</summary>
    private readonly Dictionary<BashFile, FileIdentity?> _shells = [];
    private readonly Dictionary<uint, FileIdentity> _libraryOf = [];
    private readonly ProcessMaps _maps = new(procRoot);
    private readonly HashSet<BashFile> _others = [];
    private readonly List<(BashProcess Process, DateTime Until)> _loading = [];

    /// <summary>Programs called bash that have no symbol to probe, by path.</summary>
    public ImmutableSortedSet<string> Unreadable { get; private set; } = [];

    /// <summary>Some process has yet to load its library: <see cref="LookAgain"/> soon.</summary>
    public bool IsWaiting => _loading.Count > 0;

    public void OnProcess(in BashProcess process)
    {
        if (_shells.TryGetValue(process.File, out var file))
        {
            if (file is null && !_libraryOf.ContainsKey(process.Tgid))
            {
                FindLibrary(process);
            }
        }
        else if (_others.Contains(process.File))
        {
            kernel.Other(process.File); // it had to make room for others
        }
        else
        {
            Examine(process);
        }
    }

    /// <summary>Looks whether those that were still being loaded have their library now.</summary>
    public void LookAgain()
    {
        var due = _loading.ToList();
        _loading.Clear();
        foreach (var (process, until) in due)
        {
            if (DateTime.UtcNow < until && ProcessFiles.ReadLink($"{procRoot}/{process.Tgid}/exe") is not null)
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

        HashSet<FileIdentity> files = [.. _shells.Values.OfType<FileIdentity>(), .. _libraryOf.Values];
        worker.Post(() => attached.KeepOnly(files));
    }

    private void Examine(in BashProcess process)
    {
        var link = $"{procRoot}/{process.Tgid}/exe";
        var program = OpenedFile.TryOpen(link, out _);

        // It may have gone, or be another program by now. Then nothing is noted, so that the next one is told again.
        if (program is null || program.Length != process.File.Size || ProcessFiles.ReadLink(link) is not { } path)
        {
            program?.Dispose();
            return;
        }

        var kind = ShellProgram.Classify(program, path);
        if (kind == ShellKind.WithReadline)
        {
            AddShell(process, program, path);
            return;
        }

        program.Dispose();
        Settle(process, kind, path);
    }

    private void Settle(in BashProcess process, ShellKind kind, string path)
    {
        switch (kind)
        {
            case ShellKind.NeedsLibrary:
                kernel.Shell(process.File, owner: 0);
                _shells[process.File] = null;
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

    private void AddShell(in BashProcess process, OpenedFile program, string path)
    {
        var mappings = Code(process.Tgid, path);
        var meanwhile = ReadlineSite.Find(program) is { } site ? attached.Meanwhile(process.Tgid, site, mappings) : [];
        var (shell, file) = (process.File, mappings.Count > 0 ? mappings[0].File : process.File.Identity);
        _shells[shell] = file;
        users.Remember(process.Tgid);
        worker.Post(() =>
        {
            using (program)
            {
                if (attached.Attach(file, program, path) is var owner and not 0)
                {
                    kernel.Shell(shell, owner);
                }
            }

            foreach (var breakpoint in meanwhile)
            {
                breakpoint.Dispose();
            }
        });
    }

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
        if (Library(pid) is not { } library || OpenedFile.TryOpen(library.Code.Link(procRoot, pid), out _) is not { } opened)
        {
            _loading.Add((process, until ?? DateTime.UtcNow + LoadingTakesAtMost));
            return;
        }

        _libraryOf[pid] = library.Code.File;
        users.Remember(pid);
        worker.Post(() =>
        {
            using (opened)
            {
                kernel.Owner(pid, attached.Attach(library.Code.File, opened, library.Path));
            }
        });
    }

    private List<MappedCode> Code(uint pid, string path)
    {
        var (name, code) = (Encoding.UTF8.GetBytes(path), new List<MappedCode>());
        _maps.Read((int)pid, (in Mapping mapping) =>
        {
            if (mapping.Path.SequenceEqual(name))
            {
                code.Add(MappedCode.Of(mapping));
            }

            return true;
        });
        return code;
    }

    private (MappedCode Code, string Path)? Library(uint pid)
    {
        (MappedCode, string)? library = null;
        _maps.Read((int)pid, (in Mapping mapping) =>
        {
            library = IsReadline(mapping.Path) ? (MappedCode.Of(mapping), Encoding.UTF8.GetString(mapping.Path)) : null;
            return library is null;
        });
        return library;
    }

    private static bool IsReadline(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..].StartsWith("libreadline.so"u8);
}
