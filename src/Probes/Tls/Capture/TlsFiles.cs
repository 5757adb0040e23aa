using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>
/// The files whose calls are captured, with the links that hold the uprobes, and what cannot be captured and why. Bounded.
/// Thread-safe: discovery attaches on its thread, the status asks on another.
/// </summary>
internal sealed class TlsFiles(TlsPrograms programs) : IDisposable
{
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<FileIdentity, File> _files = [];
    private readonly TlsGaps _gaps = new();
    private readonly Detaching _detaching = new();
    private bool _isClosed;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>Puts every point of the file in place, or none; says what it did.</summary>
    /// <param name="target">The file.</param>
    /// <param name="pid">The process that was found with it.</param>
    /// <returns>For the log; and false when the kernel refused for a reason that may pass.</returns>
    public (ProbeNote? Note, bool IsSettled) Attach(TlsTarget target, int pid)
    {
        lock (_gate)
        {
            if (_isClosed || _files.ContainsKey(target.File))
            {
                return (null, true);
            }
        }

        var path = target.MappedPath;
        try
        {
            // Without the lock: the kernel reads the file, and status and stop are not to wait for its file system.
            Keep(target.File, new File(TlsGaps.Row(path, pid), $"uprobes, {target.Placement}", programs.Attach(target)));
            return (new ProbeNote(IsWarning: false, $"TLS of {path} is captured ({target.Flavour}): {target.Placement}"), true);
        }
        catch (BpfException e)
        {
            return (Problem(target.File, path, pid, e.MayPass ? $"{e.Message}; it is tried again" : e.Message), !e.MayPass);
        }
    }

    /// <summary>Nobody uses it any more.</summary>
    public void Detach(FileIdentity file)
    {
        lock (_gate)
        {
            _gaps.Close(file);
            if (_files.Remove(file, out var gone))
            {
                _detaching.Begin(gone.Links); // discovery is not to wait for it
            }
        }
    }

    /// <summary>Something that cannot be captured; a note the first time.</summary>
    public ProbeNote? Problem(FileIdentity file, string what, int pid, string why)
    {
        lock (_gate)
        {
            return _gaps.Add(file, what, pid, why);
        }
    }

    /// <summary>Something that is not to be captured; a note the first time.</summary>
    public ProbeNote? LeftOut(FileIdentity file, string path, int pid)
    {
        lock (_gate)
        {
            return _gaps.AddWanted(file, path, pid);
        }
    }

    /// <summary>What is said of the file under the two above is over.</summary>
    public void Settle(FileIdentity file)
    {
        lock (_gate)
        {
            _gaps.Close(file);
        }
    }

    /// <summary>One entry per file, then what is not captured.</summary>
    public IReadOnlyList<HookStatus> Status()
    {
        lock (_gate)
        {
            return
            [
                .. _files.Values.Select(f => new HookStatus(f.Row, f.Placement, "")),
                .. _gaps.Status(),
            ];
        }
    }

    /// <summary>The kernel takes its time for each link; for several at once hardly more, but where they hinder each other nobody waits.</summary>
    public void Dispose()
    {
        List<IDisposable> links;
        lock (_gate)
        {
            _isClosed = true;
            links = [.. _files.Values.SelectMany(f => f.Links)];
            _files.Clear();
        }

        _detaching.Begin(links);
        _detaching.Finish(programs.AtOnce ? StopsWithin : TimeSpan.Zero);
    }

    private void Keep(FileIdentity file, File attached)
    {
        lock (_gate)
        {
            _gaps.Close(file);
            if (!_isClosed)
            {
                _files.Add(file, attached);
                return;
            }
        }

        attached.Links.ForEach(link => link.Dispose());
    }

    private sealed record File(string Row, string Placement, List<IDisposable> Links);
}
