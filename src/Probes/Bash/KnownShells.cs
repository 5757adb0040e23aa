using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>A program that is bash. One file may have several keys: the kernel's, and what stat(2) says of it.</summary>
/// <param name="program">The program's file as its mappings show it.</param>
/// <param name="size">Of that file, in bytes.</param>
/// <param name="owner">By which its probes know themselves; 0 where each process has its own library.</param>
/// <param name="site">Where in the program its readline is; null where it is in a library, or nowhere.</param>
internal sealed class Shell(FileIdentity program, ulong size, uint owner, ReadlineSite? site)
{
    private volatile bool _isSettled;
    private volatile bool _isForgotten;

    public FileIdentity Program { get; } = program;

    public ulong Size { get; } = size;

    public uint Owner { get; } = owner;

    public ReadlineSite? Site { get; } = site;

    /// <summary>Each of its processes loads readline as a library.</summary>
    public bool NeedsLibrary => Owner == 0;

    public HashSet<BashFile> Keys { get; } = [];

    /// <summary>Its processes that are not to wait for the probe: two breakpoints would tell a line twice.</summary>
    public HashSet<uint> Watched { get; } = [];

    /// <summary>Its file has a probe that speaks, or will never have one. From any thread.</summary>
    public bool IsSettled
    {
        get => _isSettled;
        set => _isSettled = value;
    }

    /// <summary>Nobody runs it any more. From any thread.</summary>
    public bool IsForgotten
    {
        get => _isForgotten;
        set => _isForgotten = value;
    }
}

/// <summary>The programs that are bash, and who runs them. Not thread-safe.</summary>
/// <param name="most">Programs.</param>
internal sealed class KnownShells(int most)
{
    private const int MostProcesses = 16_384;

    private readonly Dictionary<BashFile, Shell> _byKey = [];
    private readonly Dictionary<uint, Shell> _ofProcess = [];

    /// <summary>Those that run one, as far as anything has told.</summary>
    public IReadOnlyCollection<uint> Processes => _ofProcess.Keys;

    /// <summary>A further one is not to be added.</summary>
    public bool IsFull => _byKey.Count >= most && All.Count() >= most;

    public IEnumerable<Shell> All => _byKey.Values.Distinct();

    public Shell? Find(in BashFile key) => _byKey.GetValueOrDefault(key);

    /// <summary>The one that is the same file, under whatever key.</summary>
    public Shell? Same(FileIdentity program, ulong size) => _byKey.Values.FirstOrDefault(s => s.Program == program && s.Size == size);

    public void Add(in BashFile key, Shell shell)
    {
        _byKey[key] = shell;
        shell.Keys.Add(key);
    }

    public void Runs(uint process, Shell shell)
    {
        if (_ofProcess.Count >= MostProcesses)
        {
            _ofProcess.Clear(); // those that run are seen again
        }

        _ofProcess[process] = shell;
    }

    /// <summary>
    /// What the program behind a key of the kernel is, when its process has gone: what the process was known to run, whose probe it
    /// hit, or which file has the same size and number (of its device, and of the upper half of the number, overlays have ideas of their
    /// own). Null when nobody can tell.
    /// </summary>
    public Shell? Recall(in BashLine line)
    {
        var (file, owner, size) = (line.File, line.Owner, line.File.Size);
        var known = _ofProcess.GetValueOrDefault(line.Tgid);
        return known?.Size == size ? known
            : owner != 0 ? _byKey.Values.FirstOrDefault(s => s.Owner == owner && s.Size == size)
            : _byKey.FirstOrDefault(s => s.Key.Size == size && (uint)s.Key.Ino == (uint)file.Ino).Value;
    }

    /// <summary>Takes out those that nobody runs.</summary>
    /// <param name="keys">Programs that were seen.</param>
    /// <param name="processes">Processes that were seen.</param>
    public IReadOnlyList<Shell> TakeGone(HashSet<BashFile> keys, HashSet<uint> processes)
    {
        List<Shell> gone = [.. All.Where(s => !s.Keys.Overlaps(keys))];
        foreach (var shell in gone)
        {
            foreach (var key in shell.Keys)
            {
                _byKey.Remove(key);
            }
        }

        foreach (var (process, shell) in _ofProcess.Where(p => !processes.Contains(p.Key) || gone.Contains(p.Value)).ToList())
        {
            _ofProcess.Remove(process);
            shell.Watched.Remove(process);
        }

        return gone;
    }
}
