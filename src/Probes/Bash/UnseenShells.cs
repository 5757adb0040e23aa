namespace EbpfActors.Probes.Bash;

/// <summary>Programs whose command lines are not seen, and why, for as long as somebody runs them. Bounded, the rest is counted; not thread-safe.</summary>
internal sealed class UnseenShells
{
    private const int MaxKept = 1024;
    private const int MaxShown = 64;

    private readonly OrderedDictionary<BashFile, (string Path, string Why)> _shells = [];

    public void Add(in BashFile file, string path, string why)
    {
        if (_shells.Count >= MaxKept)
        {
            _shells.RemoveAt(0);
        }

        _shells[file] = (path, why);
    }

    public void KeepOnly(HashSet<BashFile> files)
    {
        foreach (var file in _shells.Keys.Where(f => !files.Contains(f)).ToList())
        {
            _shells.Remove(file);
        }
    }

    /// <summary>The newest of them.</summary>
    public IReadOnlyList<HookStatus> Status()
    {
        List<HookStatus> rows =
        [
            .. _shells.Values.TakeLast(MaxShown).Select(s => new HookStatus($"readline in {s.Path}", "", $"its command lines are not seen: {s.Why}"))
                .DistinctBy(row => row.Hook),
        ];
        if (_shells.Count > MaxShown)
        {
            rows.Add(new HookStatus("readline, not shown", "", $"{_shells.Count - MaxShown} earlier ones"));
        }

        return rows;
    }
}
