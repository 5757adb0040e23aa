using System.Text;
using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>
/// The files that processes have mapped, each looked into once, and the life of those with TLS in them. Fed with mappings in any order and
/// as often as they are seen; a scan of all processes between <see cref="BeginScan"/> and <see cref="EndScan"/> finds what nobody maps
/// any more. Not thread-safe.
/// </summary>
internal sealed class MappedFiles(IMappedFileSource source, ITlsDiscoverySink sink, TlsDiscoveryOptions options, TimeProvider? time = null) : IDisposable
{
    private const int MaxReported = 8192;

    // A process that is born while a scan passes may be missed by it, but not by two.
    private const int ScansUntilGone = 2;

    private readonly Dictionary<FileIdentity, KnownFile> _files = [];
    private readonly LiveTargets _targets = new(sink, options.MaxTargets, time ?? TimeProvider.System);
    private readonly Queue<KnownFile> _unsearched = [];
    private readonly HashSet<int> _reported = [];
    private readonly HashSet<int> _seenPids = [];
    private long _scan;

    internal int Targets => _targets.Count;

    internal int Known => _files.Count;

    /// <summary>False: files that are not known are not looked into.</summary>
    internal bool TakesNew { get; set; } = true;

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
                LetGo(file);
            }
        }

        _reported.IntersectWith(_seenPids);
    }

    internal void Mapped(in Mapping mapping)
    {
        _seenPids.Add(mapping.Pid);
        if (!_files.TryGetValue(mapping.File, out var file) || file.IsReplacedBy(mapping))
        {
            if (TakesNew)
            {
                LookInto(mapping);
            }

            return;
        }

        file.See(_scan);
        if (file.TryAgain() || HasRoomFor(file))
        {
            LookInto(mapping);
            return;
        }

        if (file.Unrecognised is { } what)
        {
            Report(file, mapping.Pid, what);
        }

        if (file.MayBeCopied)
        {
            LookForCopy(file, mapping);
        }
    }

    /// <summary>Tells the sink again what it could not take for the moment; returns the time until the next one is due.</summary>
    internal TimeSpan TellAgain() => _targets.Announce();

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
            Report(file, file.FirstPid, what);
        }

        return true;
    }

    public void Dispose()
    {
        _targets.Dispose();
        foreach (var file in _unsearched)
        {
            file.Unsearched?.Dispose();
        }
    }

    private void LookInto(in Mapping mapping)
    {
        if (source.Open(mapping, out var problem) is { } opened)
        {
            var file = Remember(mapping);
            if (!opened.IsRegular || !TakeIn(file, opened, mapping.File, mapping))
            {
                opened.Dispose();
            }
        }
        else if (problem is not null)
        {
            Fail(mapping, problem);
        }
        else
        {
            Vanished++;
        }
    }

    private void Fail(in Mapping mapping, string problem)
    {
        // A second problem follows a first one that is known by its file, which counts the tries.
        if (!_files.TryGetValue(mapping.File, out var file) || !file.IsUnread)
        {
            file = Remember(mapping);
            (file.IsUnread, file.IsTold) = (true, true);
        }

        sink.Failed(mapping.File, Encoding.UTF8.GetString(mapping.Path), mapping.Pid, problem);
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
                    LetGo(known);
                }
            }
        }

        if (_files.Remove(mapping.File, out var replaced))
        {
            LetGo(replaced);
        }

        var file = new KnownFile(mapping.File, mapping.Pid, mapping.Generation, _scan);
        _files[mapping.File] = file;
        return file;
    }

    private void LetGo(KnownFile file)
    {
        file.Targets.ForEach(_targets.Release);
        if (file.IsTold)
        {
            sink.Settled(file.Identity);
        }
    }

    /// <summary>True when the opened file is kept.</summary>
    private bool TakeIn(KnownFile file, IMappedFile opened, FileIdentity identity, in Mapping mapping)
    {
        if (_targets.Same(opened) is { } same)
        {
            LiveTargets.Name(file, same);
            return false;
        }

        var path = Encoding.UTF8.GetString(mapping.Path);
        var found = FileClassifier.Classify(opened, Path.GetFileName(path));
        if (found.Flavour is { } flavour)
        {
            if (options.Excludes(path))
            {
                file.IsTold = true;
                sink.LeftOut(file.Identity, path, mapping.Pid);
                return false;
            }

            var target = new TlsTarget(flavour, identity, opened.Path, found.Points, found.Placement) { MappedPath = path };
            file.WaitsForTarget = !_targets.Add(file, target, opened, mapping.Pid);
            return !file.WaitsForTarget;
        }

        if (found.Unrecognised is { } what)
        {
            file.Unrecognised = what;
            Report(file, mapping.Pid, what);
        }

        return found.IsProgram && Enqueue(file, opened);
    }

    /// <summary>A table was full when the file was looked into, and is not any more.</summary>
    private bool HasRoomFor(KnownFile file) => file.Targets.Count == 0 && (
        (file.WaitsForTarget && _targets.Count < options.MaxTargets) || (file.WaitsForSearch && _unsearched.Count < options.MaxUnsearched));

    private bool Enqueue(KnownFile file, IMappedFile opened)
    {
        if (file.Unsearched is not null)
        {
            return false;
        }

        file.WaitsForSearch = _unsearched.Count >= options.MaxUnsearched;
        if (file.WaitsForSearch)
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
            && (file.Targets.Count >= options.MaxCopies || file.Targets.Exists(t => t.File.Origin == opened.Origin)
                || !TakeIn(file, opened, mapping.File.Copy(file.Targets.Count), mapping)))
        {
            opened.Dispose();
        }
    }

    private void Report(KnownFile file, int pid, string what)
    {
        if (_reported.Count < MaxReported && _reported.Add(pid))
        {
            file.IsTold = true;
            sink.NotRecognised(file.Identity, pid, source.ProcessName(pid), what);
        }
    }
}
