using System.Globalization;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>Owns the probes on files that define readline: each file once, whoever maps it, until nobody does. Belongs to one thread at
/// a time.</summary>
internal sealed class AttachedFiles(LineProbes lines, BashLosses losses, int most) : IDisposable
{
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(5);

    private readonly Detaching _detaching = new();
    private readonly Dictionary<FileIdentity, Attached> _byFile = [];

    /// <summary>One for each file; none where no file can have probes, which the hook itself says.</summary>
    public IReadOnlyList<HookStatus> Hooks => lines.AreLost ? [] : [.. _byFile.Values.Select(a => a.Status)];

    /// <param name="file">Device and inode as the process's mappings show them.</param>
    /// <param name="owner">The number by which the file's probes are to know themselves.</param>
    /// <param name="opened">The file itself, which its process may have left by now.</param>
    /// <param name="shownPath">What the process calls it.</param>
    /// <param name="site">Where its readline is; null when it has none.</param>
    public void Attach(FileIdentity file, uint owner, OpenedFile opened, string shownPath, ReadlineSite? site)
    {
        if (_byFile.ContainsKey(file))
        {
            return;
        }

        if (_byFile.Count >= most)
        {
            losses.CountFilesFull();
        }
        else
        {
            _byFile[file] = AttachNew(owner, opened, shownPath, site);
        }
    }

    /// <summary>Begins to detach from all other files. A refusal is forgotten as well, and is news when it comes again.</summary>
    public void KeepOnly(HashSet<FileIdentity> files)
    {
        var before = _byFile.Values.SelectMany(a => a.Probes).ToHashSet();
        foreach (var file in _byFile.Keys.Where(f => !files.Contains(f)).ToList())
        {
            _byFile.Remove(file);
        }

        // Several files may share one probe.
        before.ExceptWith(_byFile.Values.SelectMany(a => a.Probes));
        _detaching.Begin(before);
    }

    public void Dispose()
    {
        KeepOnly([]);
        _detaching.Finish(StopsWithin);
    }

    private Attached AttachNew(uint owner, OpenedFile opened, string shownPath, ReadlineSite? site)
    {
        if (site is null)
        {
            return Attached.Refused(shownPath, "no readline was found in it");
        }

        var status = new HookStatus(Name(shownPath), site.IsEntry ? "uretprobe" : "uprobe at the return", "");
        if (OnTheSameFile(opened) is { } same)
        {
            return same with { Status = status };
        }

        try
        {
            var probes = lines.Attach(opened.Path, site, owner);
            return new Attached(probes, lines.HaveCookies, opened.IsOnOverlay, opened.Origin, status);
        }
        catch (Exception e) when (e is BpfException or IOException)
        {
            return Attached.Refused(shownPath, e.Message);
        }
    }

    /// <summary>
    /// Probes without cookies cannot tell for which overlay of a file they speak: then all overlays share one. Known by what no overlay
    /// changes.
    /// </summary>
    private Attached? OnTheSameFile(OpenedFile opened) => _byFile.Values.FirstOrDefault(a =>
        a.Probes.Count > 0 && !(a.HasCookies && lines.HaveCookies) && (a.IsOnOverlay || opened.IsOnOverlay) && a.Origin == opened.Origin);

    private static string Name(string path) => string.Create(CultureInfo.InvariantCulture, $"readline in {path}");

    private sealed record Attached(IReadOnlyList<IDisposable> Probes, bool HasCookies, bool IsOnOverlay, FileOrigin Origin, HookStatus Status)
    {
        public static Attached Refused(string path, string problem) =>
            new([], false, false, default, new HookStatus(Name(path), "", $"its command lines are not seen: {problem}"));
    }
}
