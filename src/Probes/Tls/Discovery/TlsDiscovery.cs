using System.Diagnostics;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>
/// Finds the files that carry TLS in all processes of the host, on a thread of its own: by a scan at the start, by the kernel's word on
/// each new mapping from then on, and by a slow scan as the net below. Whatever goes wrong is told to the sink and discovery goes on.
/// </summary>
public sealed class TlsDiscovery : IDisposable
{
    private const string Watch = "mmap2";
    private const string Scans = "proc";

    // A program that starts maps some ten files: one look for all of them.
    private static readonly TimeSpan RestBetweenLooks = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(2);

    private readonly TlsDiscoveryOptions _options;
    private readonly ITlsDiscoverySink _sink;
    private readonly ProcessMaps _maps;
    private readonly MappingWatch _watch;
    private readonly InspectionThread _inspections;
    private readonly MappedFiles _files;
    private readonly Thread _thread;
    private long _nextScan;
    private long _lostBefore;
    private long _scans;
    private TimeSpan _lastScan;
    private volatile bool _isOver;
    private volatile TlsDiscoveryStatus _status;

    public TlsDiscovery(TlsDiscoveryOptions options, ITlsDiscoverySink sink)
    {
        _options = options;
        _sink = sink;
        _maps = new ProcessMaps(options.ProcRoot);
        _watch = new MappingWatch(isOff: !new Ladder(TlsHooks.Discovery, options.Without).IsOn(Watch));
        _inspections = new InspectionThread("tls inspection", options.Limits, _watch.Wake);
        _files = new MappedFiles(new MappedFileSource(options.ProcRoot), _inspections, sink, options);
        _status = new(Standing().Status(), 0, 0, 0, 0, 0, TimeSpan.Zero);
        _thread = new Thread(Run) { Name = "tls discovery", IsBackground = true };
    }

    /// <summary>As of the last look; from any thread.</summary>
    public TlsDiscoveryStatus Status => _status;

    /// <summary>Begins with the first scan. Once.</summary>
    public void Start() => _thread.Start();

    /// <summary>
    /// Ends the thread, waits for it and closes the files: their attach paths lead nowhere afterwards. A thread that the kernel does not let
    /// go keeps them.
    /// </summary>
    public void Dispose()
    {
        if (!_isOver)
        {
            _isOver = true;
            _watch.Wake();
            _inspections.Dispose();
            if (!_thread.IsAlive || _thread.Join(StopsWithin))
            {
                _files.Dispose();
                _watch.Dispose();
            }
        }
    }

    private void Run()
    {
        while (!_isOver)
        {
            try
            {
                Look();
            }
#pragma warning disable CA1031 // The thread outlives whatever a file, the kernel or the sink does to it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Tell(e);
                _watch.Rest(_options.RescanIntervalAlone);
            }
        }
    }

    private void Look()
    {
        if (Stopwatch.GetTimestamp() >= _nextScan)
        {
            Scan();
        }

        _watch.Drain(_files.Mapped);
        _inspections.TakeEnded();
        if (_watch.Lost != _lostBefore)
        {
            _lostBefore = _watch.Lost;
            _nextScan = 0;
        }

        _status = new(Standing().Status(), _files.Targets, _files.Known, _watch.Lost, _files.Vanished, _scans, _lastScan)
        {
            OverBudget = _files.Looks.OverBudget,
            Hung = _files.Looks.Hung,
            NoRoom = _files.Looks.NoRoom,
        };
        _watch.Rest(RestBetweenLooks);
        if (_nextScan != 0 && !_isOver && !_files.SearchOne())
        {
            var scan = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _nextScan);
            _watch.Wait(((TimeSpan[])[scan, _files.TellAgain(), _inspections.UntilLook]).Min());
        }
    }

    /// <summary>The kernel may come to allow on a later scan what it refused before.</summary>
    private Ladder Standing()
    {
        var ladder = new Ladder(TlsHooks.Discovery, _options.Without);
        if (_watch.Refused is { } why && ladder.IsOn(Watch))
        {
            ladder.Refuse(why);
        }

        return ladder;
    }

    private void Scan()
    {
        var start = Stopwatch.GetTimestamp();
        _watch.WatchNewCpus();
        var ladder = Standing();
        _files.TakesNew = _scans == 0 || ladder.Rung is not null;
        _files.BeginScan();
        foreach (var pid in _maps.Processes())
        {
            _maps.Read(pid, Take);
            WaitForRoom();
            if (_isOver)
            {
                return;
            }
        }

        // What was mapped behind the scan's back counts as seen.
        _watch.Drain(_files.Mapped);
        _files.EndScan();
        _files.TakesNew = ladder.Rung is not null;
        _scans++;
        _lastScan = Stopwatch.GetElapsedTime(start);
        var interval = ladder.IsOn(Scans) ? _options.RescanIntervalAlone : _options.RescanInterval;
        _nextScan = Stopwatch.GetTimestamp() + (long)(interval.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>At the start there may be more files than can wait to be looked into.</summary>
    private void WaitForRoom()
    {
        while (!_inspections.HasRoom && !_isOver)
        {
            _watch.Rest(RestBetweenLooks);
            _watch.Drain(_files.Mapped);
            _inspections.TakeEnded();
        }
    }

    private bool Take(in Mapping mapping)
    {
        _files.Mapped(mapping);
        return !_isOver;
    }

    private void Tell(Exception problem)
    {
        try
        {
            _sink.Failed(default, "TLS discovery", pid: 0, problem.Message);
        }
#pragma warning disable CA1031 // The same.
        catch (Exception)
#pragma warning restore CA1031
        {
            // A sink that cannot even be told cannot be helped here.
        }
    }
}
