using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Inspections;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bash;

/// <summary>The command lines of this host's bash sessions, from the BPF object <c>bash</c>. Disposing it detaches every program.</summary>
public sealed class BashProbe : IBashProbe
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(1);

    /// <summary>For what runs already when the probe is attached; the rest goes on behind it.</summary>
    private static readonly TimeSpan LooksAtStart = TimeSpan.FromSeconds(5);

    private readonly BashProbeOptions _options;
    private readonly Func<BpfObject> _open;
    private readonly List<IDisposable> _owned = [];
    private readonly Poller _withoutRing;
    private readonly BashLosses _losses = new();
    private readonly BashLadders _ladders;
    private readonly InspectionThread _quick;
    private readonly InspectionThread _thorough;
    private readonly InspectionThread _passwds;
    private readonly UserNames _users;
    private readonly WaitingLines _waiting;
    private readonly StartedPrograms _started;
    private readonly RingReader.Consumer _consume;
    private AttachedFiles? _attached;
    private AttachWorker? _worker;
    private BashDiscovery? _discovery;
    private ProcessScan? _scan;
    private RingReader? _ring;
    private IBashSink? _sink;
    private long _scannedAt;
    private volatile IReadOnlyList<HookStatus> _hooks = [];
    private long _lines;

    public BashProbe(BashProbeOptions options)
        : this(options, () => BpfObject.Open("bash"))
    {
    }

    /// <param name="options">As of the agent.</param>
    /// <param name="open">Opens the object anew each time.</param>
    internal BashProbe(BashProbeOptions options, Func<BpfObject> open)
    {
        _options = options;
        _open = open;
        _withoutRing = Keep(new Poller());
        _ladders = new BashLadders(options.Without);
        _started = Keep(new StartedPrograms(options.ProcRoot, _ladders.Exec, _losses));
        _quick = Keep(new InspectionThread("bash-inspection", options.Quick, Wake, Urgency.InBursts));
        _thorough = Keep(new InspectionThread("bash-large-files", options.Limits, Wake));
        _passwds = Keep(new InspectionThread("bash-users", UserNames.Limits, static () => { }, Urgency.Soon));
        _users = new UserNames(options.ProcRoot, _passwds, _passwds.TakeEnded);
        _waiting = new WaitingLines(_losses);
        _consume = Consume;
    }

    public IReadOnlyList<HookStatus> Hooks => _hooks;

    public IReadOnlyList<HookStatus> Attach()
    {
        Urgency.Soon();
        if (TryLoad() is not { } programs)
        {
            return _hooks;
        }

        var bash = programs.Object;
        _losses.Open(bash.Map("bash_losses"));
        _ring = Keep(new RingReader(bash.Map("bash_events")));
        _attached = Keep(new AttachedFiles(Keep(new LineProbes(bash, _open, _ladders.Lines)), _losses, _options.MaxFiles));
        _worker = Keep(new AttachWorker());
        var firstLines = new FirstLines(bash, _ladders.FirstLines.Rung is not null);
        var kernel = new BashFiles(bash);
        var probes = new ShellProbes(kernel, _attached, firstLines, _worker);
        _discovery = new BashDiscovery(_options.ProcRoot, kernel, probes, _users, new Inspectors(_quick, _thorough), _losses, _options.MaxFiles);
        _scan = new ProcessScan(programs.Scan, _ladders.Shells, _options.ProcRoot);
        ShellProgram.WarmUp();
        RunningProgram.Read(_options.ProcRoot, (uint)Environment.ProcessId);
        _started.Connect();
        Scan();
        FinishLooks();
        _scannedAt = Stopwatch.GetTimestamp();
        Publish();
        _worker.Flush();

        // This thread does little, but what it does must be done before a new shell has read its first line.
        Urgency.AtOnce();
        return _hooks;
    }

    /// <summary>The kernel took no BPF at all, and takes a map now.</summary>
    public string? CouldDoBetter() => _ring is null && BpfMap.CanBeMade() ? "the kernel allows BPF now" : null;

    public void Wait(TimeSpan timeout)
    {
        if (_ring is null)
        {
            _withoutRing.Wait(timeout);
            return;
        }

        var untilScan = _options.ScanEvery - Stopwatch.GetElapsedTime(_scannedAt);
        var most = _discovery!.IsWaiting ? LookAgainAfter : ((TimeSpan[])[untilScan, timeout, _quick.UntilLook, _thorough.UntilLook]).Min();
        _ring.Wait(most > TimeSpan.Zero ? most : TimeSpan.Zero, file: _started.File);
    }

    public void Wake()
    {
        _withoutRing.Wake();
        _ring?.Wake();
    }

    public void Drain(IBashSink sink)
    {
        if (_ring is null)
        {
            return;
        }

        _sink = sink;
        if (!_started.Read())
        {
            _scannedAt = 0;
        }

        _ring.Drain(_consume);
        TakeLooks();
        _waiting.TryEach((in BashLine line, ReadOnlySpan<byte> text) => TryTell(line, text, isFirst: false));
        _discovery!.LookAgain();
        _started.Take(program => _discovery.OnProgram(program, hasBegun: true));
        if (Stopwatch.GetElapsedTime(_scannedAt) >= _options.ScanEvery)
        {
            _discovery.Forget(Scan);
            _scannedAt = Stopwatch.GetTimestamp();
        }

        if (_discovery.HasChanged)
        {
            _discovery.HasChanged = false;
            Publish();
        }

        _worker!.ThrowIfFailed();
    }

    public ProbeCounters Counters() => new(Interlocked.Read(ref _lines), _losses.Snapshot(), []) { LeftOut = _losses.LeftOut() };

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    /// <summary>Null where the kernel refuses what belongs to no hook, its maps: then nothing is seen until it allows them.</summary>
    private BashPrograms? TryLoad()
    {
        try
        {
            return Keep(BashPrograms.Load(_open, _ladders));
        }
        catch (BpfException e) when (e.IsRefusal && !BpfMap.CanBeMade())
        {
            Ladder[] all = [_ladders.Lines, _ladders.Exec, _ladders.Shells, _ladders.FirstLines];
            Array.ForEach(all, ladder => ladder.RefuseAll(e.Reason));
            _hooks = [.. all.Select(ladder => ladder.Status())];
            return null;
        }
    }

    private void FinishLooks()
    {
        var begun = Stopwatch.GetTimestamp();
        while (!(_quick.IsIdle && _thorough.IsIdle) && Stopwatch.GetElapsedTime(begun) < LooksAtStart)
        {
            _ring!.Wait(LookAgainAfter);
            TakeLooks();
        }
    }

    private void TakeLooks()
    {
        _quick.TakeEnded();
        _thorough.TakeEnded();
    }

    private (HashSet<BashFile> Programs, HashSet<uint> Processes) Scan()
    {
        var (programs, processes) = (new HashSet<BashFile>(), new HashSet<uint>());
        _users.ForgetResidents();
        _scan!.Run([.. _discovery!.ShellProcesses], program =>
        {
            programs.Add(program.File);
            processes.Add(program.Tgid);
            _users.AddResident(program.Tgid, program.Place);
            _discovery.OnProgram(program, hasBegun: false);
        });
        return (programs, processes);
    }

    private void Consume(ReadOnlySpan<byte> record)
    {
        if (BashLine.TryRead(record, out var line, out var text))
        {
            OnLine(line, text);
        }
        else if (record.Length == Unsafe.SizeOf<BashProcess>())
        {
            _started.Add(MemoryMarshal.Read<BashProcess>(record));
        }
        else
        {
            _losses.CountMalformed();
        }
    }

    private void OnLine(in BashLine line, ReadOnlySpan<byte> text)
    {
        if (line.IsKnown != 0)
        {
            _discovery!.Learn(line); // a breakpoint may know more than the probe
            Tell(line, text);
        }
        else if (!TryTell(line, text, isFirst: true))
        {
            _waiting.Add(line, text);
        }
    }

    /// <summary>False when its program is still being looked into.</summary>
    private bool TryTell(in BashLine line, ReadOnlySpan<byte> text, bool isFirst)
    {
        switch (_discovery!.Judge(line, isFirst))
        {
            case LineVerdict.Wait:
                return false;
            case LineVerdict.Tell:
                Tell(line, text);
                break;
            case LineVerdict.Unknown:
                _losses.CountUnknownProgram();
                break;
        }

        return true;
    }

    private void Tell(in BashLine line, ReadOnlySpan<byte> text)
    {
        Interlocked.Increment(ref _lines);
        _sink!.Typed(Command(line, text));
    }

    private ShellCommand Command(in BashLine line, ReadOnlySpan<byte> bytes)
    {
        var (text, isCut) = CommandText.Of(bytes, CommandText.MostBytes);
        return new ShellCommand(UnixNanoseconds(line.TimeNs), line.Tgid, _users.Name(line.Tgid, line.Uid, line.Place), text, isCut);
    }

    /// <summary>The two clocks are compared now, so that setting the clock moves no more than what is under way.</summary>
    private static long UnixNanoseconds(ulong monotonic)
    {
        var age = Stopwatch.GetTimestamp() - (long)monotonic;
        return ((DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick) - Math.Max(0, age);
    }

    /// <summary>On the worker, whose the attached files and the ladder of their probes are.</summary>
    private void Publish()
    {
        HookStatus[] others = [_ladders.Exec.Status(), _ladders.Shells.Status(), _ladders.FirstLines.Status()];
        var unseen = _discovery!.Unseen.Status();
        _worker!.Post(() => _hooks = [_ladders.Lines.Status(), .. others, .. _attached!.Hooks, .. unseen]);
    }

    private T Keep<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
