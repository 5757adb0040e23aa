using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>Which attached file is whose: a number for each file that has readline, and the library that a process has loaded. Not thread-safe.</summary>
internal sealed class ShellLibraries
{
    private readonly Dictionary<FileIdentity, uint> _owners = [];
    private readonly Dictionary<uint, FileIdentity> _ofProcess = [];
    private readonly Dictionary<uint, uint> _firstSpeakers = [];
    private uint _lastOwner;

    public IEnumerable<FileIdentity> Files => _ofProcess.Values;

    /// <summary>The number by which the probes of a file know themselves; never 0.</summary>
    public uint Owner(FileIdentity file)
    {
        if (!_owners.TryGetValue(file, out var owner))
        {
            _owners[file] = owner = ++_lastOwner;
        }

        return owner;
    }

    public bool Knows(uint process) => _ofProcess.ContainsKey(process);

    public void Loaded(uint process, FileIdentity library) => _ofProcess[process] = library;

    /// <summary>
    /// Whether this probe speaks for the process. The library of one that has gone is not known any more: then the first probe that told
    /// something of it does, and no other.
    /// </summary>
    public bool Speaks(uint process, uint owner)
    {
        if (_ofProcess.TryGetValue(process, out var library))
        {
            return Owner(library) == owner;
        }

        _firstSpeakers.TryAdd(process, owner);
        return _firstSpeakers[process] == owner;
    }

    /// <summary>After a scan.</summary>
    public void KeepProcesses(HashSet<uint> processes)
    {
        _firstSpeakers.Clear();
        foreach (var process in _ofProcess.Keys.Where(p => !processes.Contains(p)).ToList())
        {
            _ofProcess.Remove(process);
        }
    }

    public void KeepFiles(HashSet<FileIdentity> files)
    {
        foreach (var file in _owners.Keys.Where(f => !files.Contains(f)).ToList())
        {
            _owners.Remove(file);
        }
    }
}
