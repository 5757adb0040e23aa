using System.Text;
using EbpfActors.Probes.Tls.Elf;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>
/// The files that processes have mapped, each looked into once, and the life of those with TLS in them. Fed with mappings in any order and
/// as often as they are seen; a scan of all processes between <see cref="BeginScan"/> and <see cref="EndScan"/> finds what nobody maps
/// any more. Not thread-safe.
/// </summary>
internal sealed class MappedFiles(IMappedFileSource source, ITlsDiscoverySink sink, TlsDiscoveryOptions options) : IDisposable
{
    private const int MaxReported = 8192;

    // A process that is born while another scan passes may be missed by it, but not by two.
    private const int ScansUntilGone = 2;

    private readonly Dictionary<FileIdentity, KnownFile> _files = [];
    private readonly List<LiveTarget> _targets = [];
    private readonly Queue<KnownFile> _unsearched = [];
    private readonly HashSet<int> _reported = [];
    private readonly HashSet<int> _seenPids = [];
    private long _scan;
    private bool _isFull;

    internal int Targets => _targets.Count;

    internal int Known => _files.Count;

    /// <summary>Mappings whose process was gone before its file could be looked at.</summary>
    internal long Vanished { get; private set; }

    internal void BeginScan()
    {
        _scan++;
        _seenPids.Clear();
    }

    /// <summary>Lets go of what two scans in a row have not seen.</summary>
    internal void EndScan()
    {
        foreach (var (identity, file) in _files)
        {
            if (file.LastSeen <= _scan - ScansUntilGone)
            {
                _files.Remove(identity);
                file.Targets.ForEach(Release);
            }
        }

        _reported.IntersectWith(_seenPids);
    }

    internal void Mapped(in Mapping mapping)
    {
        _seenPids.Add(mapping.Pid);
        if (_files.TryGetValue(mapping.File, out var file) && !file.IsReplacedBy(mapping))
        {
            file.LastSeen = _scan;
            if (file.Unrecognised is { } what)
            {
                Report(mapping.Pid, what);
            }

            if (file.IsOnOverlay)
            {
                LookForCopy(file, mapping);
            }

            return;
        }

        LookInto(mapping);
    }

    /// <summary>Does one piece of the work that can wait; false when there is none.</summary>
    internal bool SearchOne()
    {
        if (!_unsearched.TryDequeue(out var file))
        {
            return false;
        }

        using var opened = file.Unsearched!;
        file.Unsearched = null;
        if (ElfImage.Read(opened) is { } image && TlsTraces.Find(image) is { } what)
        {
            file.Unrecognised = what;
            Report(file.FirstPid, what);
        }

        return true;
    }

    public void Dispose()
    {
        _targets.ForEach(t => t.File.Dispose());
        foreach (var file in _unsearched)
        {
            file.Unsearched?.Dispose();
        }
    }

    private void LookInto(in Mapping mapping)
    {
        if (source.Open(mapping, out var problem) is not { } opened)
        {
            if (problem is null)
            {
                Vanished++;
            }
            else
            {
                Remember(mapping);
                sink.Failed(Encoding.UTF8.GetString(mapping.Path), problem);
            }

            return;
        }

        var file = Remember(mapping);
        if (!opened.IsRegular || !TakeIn(file, opened, mapping))
        {
            opened.Dispose();
        }
    }

    private KnownFile Remember(in Mapping mapping)
    {
        if (_files.Count >= options.MaxFiles)
        {
            // Those without TLS can be looked into again; the others keep what is attached.
            foreach (var (identity, known) in _files)
            {
                if (known.Targets.Count == 0)
                {
                    _files.Remove(identity);
                }
            }
        }

        // What was known of a replaced inode is over; its targets stay alive through the files that still name them.
        if (_files.Remove(mapping.File, out var replaced))
        {
            replaced.Targets.ForEach(Release);
        }

        var file = new KnownFile(mapping.Pid, mapping.Generation) { LastSeen = _scan };
        _files[mapping.File] = file;
        return file;
    }

    /// <summary>True when the opened file is kept.</summary>
    private bool TakeIn(KnownFile file, IMappedFile opened, in Mapping mapping)
    {
        file.IsOnOverlay = opened.IsOnOverlay;
        if (Same(opened) is { } same)
        {
            Name(file, same);
            return false;
        }

        var path = Encoding.UTF8.GetString(mapping.Path);
        var found = FileClassifier.Classify(opened, Path.GetFileName(path));
        file.IsOnOverlay = opened.IsOnOverlay && found.Flavour is not null;
        if (found.Unrecognised is { } what)
        {
            file.Unrecognised = what;
            Report(mapping.Pid, what);
        }

        return found.Flavour is { } flavour
            ? Add(file, new TlsTarget(flavour, mapping.File, opened.Path, found.Points, found.Placement) { MappedPath = path }, opened, mapping.Pid)
            : found.IsProgram && file.Unrecognised is null && Enqueue(file, opened);
    }

    /// <summary>The target that is this very file under another device, which only overlays can bring about.</summary>
    private LiveTarget? Same(IMappedFile opened) =>
        _targets.Find(t => (t.File.IsOnOverlay || opened.IsOnOverlay) && t.File.Revision == opened.Revision);

    private bool Add(KnownFile file, TlsTarget target, IMappedFile opened, int pid)
    {
        if (_targets.Count >= options.MaxTargets)
        {
            if (!_isFull)
            {
                _isFull = true;
                sink.Failed(target.MappedPath, $"already {options.MaxTargets} files with TLS; this and further ones are not captured");
            }

            return false;
        }

        var live = new LiveTarget(target, opened, pid);
        _targets.Add(live);
        Name(file, live);
        Announce();
        return true;
    }

    /// <summary>
    /// libcrypto waits until there is a libssl that uses it: many programs have it for its ciphers alone, and a probe in it would cost
    /// them for nothing.
    /// </summary>
    private void Announce()
    {
        var isBioWriteWanted = _targets.Exists(t =>
            t.Target.Flavour == TlsFlavour.OpenSsl && !t.Target.Points.Any(p => p.Call == TlsCall.BioWrite));
        foreach (var live in _targets)
        {
            if (!live.IsAnnounced && (isBioWriteWanted || live.Target.Points.Any(p => p.Call != TlsCall.BioWrite)))
            {
                live.IsAnnounced = true;
                sink.Found(live.Target, live.Pid);
            }
        }
    }

    private bool Enqueue(KnownFile file, IMappedFile opened)
    {
        if (_unsearched.Count >= options.MaxUnsearched)
        {
            return false;
        }

        file.Unsearched = opened;
        _unsearched.Enqueue(file);
        return true;
    }

    /// <summary>
    /// A file of an overlay that is written to is copied to the upper layer and keeps its inode number there: processes that map it from
    /// now on have another file behind the same identity.
    /// </summary>
    private void LookForCopy(KnownFile file, in Mapping mapping)
    {
        if (source.Open(mapping, out _) is { } opened
            && (file.Targets.Exists(t => t.File.Revision == opened.Revision) || !TakeInCopy(file, opened, mapping)))
        {
            opened.Dispose();
        }
    }

    private bool TakeInCopy(KnownFile file, IMappedFile opened, in Mapping mapping)
    {
        if (Same(opened) is { } same)
        {
            Name(file, same);
            return false;
        }

        var path = Encoding.UTF8.GetString(mapping.Path);
        var found = FileClassifier.Classify(opened, Path.GetFileName(path));
        var identity = mapping.File.Copy(file.Targets.Count);
        return found.Flavour is { } flavour && file.Targets.Count < options.MaxCopies
            && Add(file, new TlsTarget(flavour, identity, opened.Path, found.Points, found.Placement) { MappedPath = path }, opened, mapping.Pid);
    }

    private static void Name(KnownFile file, LiveTarget target)
    {
        file.Targets.Add(target);
        target.Names++;
    }

    private void Release(LiveTarget target)
    {
        if (--target.Names == 0)
        {
            _targets.Remove(target);
            if (target.IsAnnounced)
            {
                sink.Gone(target.Target.File);
            }

            target.File.Dispose();
        }
    }

    private void Report(int pid, string what)
    {
        if (_reported.Count < MaxReported && _reported.Add(pid))
        {
            sink.NotRecognised(pid, source.ProcessName(pid), what);
        }
    }

    private sealed class LiveTarget(TlsTarget target, IMappedFile file, int pid)
    {
        internal TlsTarget Target { get; } = target;

        internal IMappedFile File { get; } = file;

        internal int Pid { get; } = pid;

        /// <summary>How many identities lead to it.</summary>
        internal int Names { get; set; }

        internal bool IsAnnounced { get; set; }
    }

    private sealed class KnownFile(int pid, ulong generation)
    {
        private ulong _generation = generation;

        internal int FirstPid { get; } = pid;

        internal long LastSeen { get; set; }

        internal bool IsOnOverlay { get; set; }

        internal string? Unrecognised { get; set; }

        internal IMappedFile? Unsearched { get; set; }

        internal List<LiveTarget> Targets { get; } = [];

        /// <summary>True when the inode number has been given to another file since. Scans do not tell generations, records do.</summary>
        internal bool IsReplacedBy(in Mapping mapping)
        {
            var isReplaced = mapping.Generation != 0 && _generation != 0 && mapping.Generation != _generation;
            _generation = _generation == 0 ? mapping.Generation : _generation;
            return isReplaced;
        }
    }
}
