using System.Text;
using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>
/// The files that processes have mapped, each looked into once, and the life of those with TLS in them. Fed with mappings in any order and
/// as often as they are seen; a scan of all processes between <see cref="BeginScan"/> and <see cref="EndScan"/> finds what nobody maps
/// any more. Not thread-safe.
/// </summary>
internal sealed class MappedFiles(
    IMappedFileSource source, IInspector inspector, ITlsDiscoverySink sink, TlsDiscoveryOptions options, TimeProvider? time = null) : IDisposable
{
    private const int MaxReported = 8192;
    private const int MaxCopyLooks = 256;

    // A process that is born while a scan passes may be missed by it, but not by two.
    private const int ScansUntilGone = 2;

    private readonly Dictionary<FileIdentity, KnownFile> _files = [];
    private readonly LiveTargets _targets = new(sink, options.MaxTargets, time ?? TimeProvider.System);
    private readonly UnsearchedPrograms _unsearched = new(inspector, options.MaxUnsearched);
    private readonly HashSet<int> _reported = [];
    private readonly HashSet<int> _seenPids = [];
    private readonly FileLooks _looks = new(source, inspector);
    private readonly HashSet<(FileIdentity File, int Pid)> _copyLooks = [];
    private long _scan;

    internal int Targets => _targets.Count;

    internal int Known => _files.Count;

    /// <summary>False: files that are not known are not looked into.</summary>
    internal bool TakesNew { get; set; } = true;

    /// <summary>Mappings whose process was gone before its file could be looked at.</summary>
    internal long Vanished { get; private set; }

    /// <summary>What was left alone.</summary>
    internal FileLooks Looks => _looks;

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
        _looks.ForgetHung();
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

        ReportAlso(file, mapping.Pid);
        if (file.MayBeCopied)
        {
            LookForCopy(file, mapping);
        }
    }

    /// <summary>Tells the sink again what it could not take for the moment; returns the time until the next one is due.</summary>
    internal TimeSpan TellAgain() => _targets.Announce();

    /// <summary>Has one piece of the work that can wait done; false when there is none, or other work is under way.</summary>
    internal bool SearchOne() => _unsearched.SearchOne(Searched);

    public void Dispose()
    {
        _targets.Dispose();
        _unsearched.Dispose();
    }

    private void Searched(KnownFile file, string? what, InspectionEnd end)
    {
        if (what is not null)
        {
            file.Unrecognised = what;
            Report(file, file.FirstPid, what);
        }
        else if (_looks.Count(end) is { } problem)
        {
            file.IsTold = true;
            sink.Failed(file.Identity, source.ProcessName(file.FirstPid), file.FirstPid, problem);
        }
    }

    private void LookInto(in Mapping mapping)
    {
        if (_looks.Hangs(mapping) is { } hangs)
        {
            Fail(mapping, hangs);
        }
        else
        {
            _looks.Begin(mapping, _targets.Files, Looked);
        }
    }

    private void Looked(FileLook look, InspectionEnd end)
    {
        var mapping = look.Mapping;
        if (_looks.Count(end, mapping) is { } problem)
        {
            LeaveAlone(mapping, end, problem);
        }
        else if (look.Opened is { } opened)
        {
            look.Keep();
            var file = Remember(mapping);
            if (!opened.IsRegular || !TakeIn(file, look, opened, mapping.File))
            {
                opened.Dispose();
            }

            foreach (var other in look.Others)
            {
                ReportAlso(file, other.Mapping.Pid);
            }
        }
        else if (look.Problem is { } refused)
        {
            Fail(mapping, refused);
        }
        else
        {
            Vanished++;
            _looks.BeginNext(look);
        }
    }

    /// <summary>What costs too much is not looked into again as long as it is remembered; a file system may come to answer.</summary>
    private void LeaveAlone(in Mapping mapping, InspectionEnd end, string why)
    {
        if (end == InspectionEnd.Hung)
        {
            Fail(mapping, why);
            return;
        }

        Remember(mapping).IsTold = true;
        sink.Failed(mapping.File, Encoding.UTF8.GetString(mapping.Path), mapping.Pid, why);
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
    private bool TakeIn(KnownFile file, FileLook look, IMappedFile opened, FileIdentity identity)
    {
        if (_targets.Same(opened) is { } same)
        {
            LiveTargets.Name(file, same);
            return false;
        }

        if (look.Found is not { } found)
        {
            file.WaitsForTarget = true; // what it was the same as has gone meanwhile: another look at its next mapping
            return false;
        }

        var mapping = look.Mapping;
        var path = Encoding.UTF8.GetString(mapping.Path);
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

        return found.IsProgram && _unsearched.Add(file, opened);
    }

    /// <summary>A table was full when the file was looked into, and is not any more.</summary>
    private bool HasRoomFor(KnownFile file) => file.Targets.Count == 0 && (
        (file.WaitsForTarget && _targets.Count < options.MaxTargets) || (file.WaitsForSearch && _unsearched.HasRoom));

    /// <summary>
    /// A file of an overlay that is written to is copied to the upper layer and keeps its inode number there: processes that map it from
    /// now on have another file behind the same identity.
    /// </summary>
    private void LookForCopy(KnownFile file, in Mapping mapping)
    {
        var key = (mapping.File, mapping.Pid);
        if (file.Targets.Count < options.MaxCopies && _copyLooks.Count < MaxCopyLooks && _looks.Hangs(mapping) is null && _copyLooks.Add(key)
            && !inspector.Post(new FileLook(mapping, source, _targets.Files, (look, end) => LookedForCopy(file, key, look, end))))
        {
            _copyLooks.Remove(key); // the next one to map it may find room
        }
    }

    private void LookedForCopy(KnownFile file, (FileIdentity File, int Pid) key, FileLook look, InspectionEnd end)
    {
        _copyLooks.Remove(key);
        if (_looks.Count(end, look.Mapping) is null && look.Opened is { } opened
            && _files.GetValueOrDefault(key.File) == file && file.Targets.Count < options.MaxCopies && !file.Targets.Exists(t => t.File.Origin == opened.Origin))
        {
            look.Keep();
            if (!TakeIn(file, look, opened, key.File.Copy(file.Targets.Count)))
            {
                opened.Dispose();
            }
        }
    }

    private void ReportAlso(KnownFile file, int pid)
    {
        if (file.Unrecognised is { } what)
        {
            Report(file, pid, what);
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
