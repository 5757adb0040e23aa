using System.Globalization;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>Owns the probes on files that define readline: each file once, whoever maps it, until nobody does. Belongs to one thread at
/// a time.</summary>
internal sealed class AttachedFiles(BpfObject bash) : IDisposable
{
    private const string Program = "bash_on_line";

    private readonly Dictionary<FileIdentity, Attached> _byFile = [];
    private uint _lastOwner;
    private bool _hasCookies = true;

    public IReadOnlyList<HookStatus> Hooks => [.. _byFile.Values.Select(a => a.Status)];

    /// <summary>The number by which the file's probes know themselves; 0 when none could be attached.</summary>
    /// <param name="file">Device and inode as the process's mappings show them.</param>
    /// <param name="opened">The file itself, which its process may have left by now.</param>
    /// <param name="shownPath">What the process calls it.</param>
    /// <param name="site">Where its readline is; null when it has none.</param>
    public uint Attach(FileIdentity file, OpenedFile opened, string shownPath, ReadlineSite? site)
    {
        if (!_byFile.TryGetValue(file, out var attached))
        {
            _byFile[file] = attached = AttachNew(opened, shownPath, site);
        }

        return attached.Owner;
    }

    /// <summary>Detaches from all other files. A refusal is forgotten as well, and is news when it comes again.</summary>
    public void KeepOnly(HashSet<FileIdentity> files)
    {
        foreach (var (file, attached) in _byFile.Where(f => !files.Contains(f.Key)).ToList())
        {
            _byFile.Remove(file);
            attached.Dispose();
        }
    }

    public void Dispose() => KeepOnly([]);

    private Attached AttachNew(OpenedFile opened, string shownPath, ReadlineSite? site)
    {
        if (site is null)
        {
            return Attached.Refused(shownPath, "no readline was found in it");
        }

        var links = new List<IDisposable>();
        try
        {
            var owner = ++_lastOwner;
            links.AddRange(site.Offsets.Select(offset => Attach(opened.Path, offset, site.IsEntry, owner)));
            return new Attached(owner, links, new HookStatus(Hook(shownPath), site.IsEntry ? "uretprobe" : "uprobe at the return", ""));
        }
        catch (Exception e) when (e is BpfException or IOException)
        {
            links.ForEach(l => l.Dispose());
            return Attached.Refused(shownPath, e.Message);
        }
    }

    private BpfLinkHandle Attach(string path, ulong offset, bool isEntry, uint owner)
    {
        if (_hasCookies)
        {
            try
            {
                return bash.AttachUprobe(Program, path, offset, isEntry, owner);
            }
            catch (BpfException e) when (e.Errno == Errno.NotSupported)
            {
                _hasCookies = false; // before 5.15; there the mappings show one inode for every overlay of a file
            }
        }

        return bash.AttachUprobe(Program, path, offset, isEntry, cookie: 0);
    }

    private static string Hook(string path) => string.Create(CultureInfo.InvariantCulture, $"readline in {path}");

    private sealed record Attached(uint Owner, List<IDisposable> Links, HookStatus Status) : IDisposable
    {
        public static Attached Refused(string path, string problem) =>
            new(0, [], new HookStatus(Hook(path), "", $"its command lines are not seen: {problem}"));

        public void Dispose() => Links.ForEach(l => l.Dispose());
    }
}
