using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bash;

/// <summary>The command lines of this host's bash sessions, from the BPF object <c>bash</c>. Disposing it detaches every program.</summary>
public sealed class BashProbe : IBashProbe
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(1);

    private readonly BashProbeOptions _options;
    private readonly Func<BpfObject> _open;
    private readonly List<IDisposable> _owned = [];
    private readonly BashLosses _losses = new();
    private readonly UserNames _users;
    private readonly Dictionary<uint, BashProcess> _started = [];
    private readonly RingReader.Consumer _consume;
    private BashPrograms? _programs;
    private AttachedFiles? _attached;
    private AttachWorker? _worker;
    private BashDiscovery? _discovery;
    private BpfIterator? _scan;
    private RingReader? _ring;
    private IBashSink? _sink;
    private long _scannedAt;
    private HookStatus _exec = new("exec", "", "");
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
        _users = new UserNames(options.ProcRoot);
        _consume = Consume;
    }

    public IReadOnlyList<HookStatus> Hooks => _hooks;

    public IReadOnlyList<HookStatus> Attach()
    {
        Urgency.Soon();
        _programs = Keep(BashPrograms.Load(_open));
        var bash = _programs.Object;
        _losses.Open(bash.Map("bash_losses"));
        _ring = Keep(new RingReader(bash.Map("bash_events")));
        _attached = Keep(new AttachedFiles(bash));
        _worker = Keep(new AttachWorker());
        var firstLines = new FirstLines(bash, _programs.WithoutBreakpoints.Length == 0);
        _discovery = new BashDiscovery(_options.ProcRoot, new BashFiles(bash), _attached, firstLines, _users, _worker);
        _scan = Keep(bash.AttachIterator("bash_scan"));
        ShellProgram.WarmUp();
        AttachExec();
        Scan();
        _scannedAt = Stopwatch.GetTimestamp();
        _worker.Post(Publish);
        _worker.Flush();

        // This thread does little, but what it does must be done before a new shell has read its first line.
        Urgency.AtOnce();
        return _hooks;
    }

    public void Wait(TimeSpan timeout)
    {
        var untilScan = _options.ScanEvery - Stopwatch.GetElapsedTime(_scannedAt);
        var most = _discovery!.IsWaiting ? LookAgainAfter : untilScan < timeout ? untilScan : timeout;
        _ring!.Wait(most > TimeSpan.Zero ? most : TimeSpan.Zero);
    }

    public void Wake() => _ring?.Wake();

    public void Drain(IBashSink sink)
    {
        _sink = sink;
        _ring!.Drain(_consume);
        var hasChanged = _discovery!.IsWaiting;
        _discovery.LookAgain();
        foreach (var process in _started.Values)
        {
            _discovery.OnProcess(process, hasBegun: true);
        }

        hasChanged |= _started.Count > 0;
        _started.Clear();
        if (Stopwatch.GetElapsedTime(_scannedAt) >= _options.ScanEvery)
        {
            _discovery.Forget(Scan);
            _scannedAt = Stopwatch.GetTimestamp();
            hasChanged = true;
        }

        if (hasChanged)
        {
            _worker!.Post(Publish);
        }

        _worker!.ThrowIfFailed();
    }

    public ProbeCounters Counters() => new(Interlocked.Read(ref _lines), _losses.Snapshot(), []);

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    private void AttachExec()
    {
        try
        {
            Keep(_programs!.Object.Attach("bash_on_exec"));
            _exec = new HookStatus("exec", "tp_btf/sched_process_exec", "");
        }
        catch (BpfException e)
        {
            _exec = new HookStatus("exec", "", $"a bash that is new on this host is found up to {_options.ScanEvery.TotalSeconds:0} s late: {e.Message}");
        }
    }

    private (HashSet<BashFile> Programs, HashSet<uint> Processes) Scan()
    {
        var (programs, processes) = (new HashSet<BashFile>(), new HashSet<uint>());
        _users.ForgetResidents();
        _scan!.Run(bytes =>
        {
            var whole = MemoryMarshal.Cast<byte, BashProcess>(bytes);
            foreach (ref readonly var process in whole)
            {
                programs.Add(process.File);
                processes.Add(process.Tgid);
                _users.AddResident(process.Tgid, process.Place);
                _discovery!.OnProcess(process, hasBegun: false);
            }

            return whole.Length * Unsafe.SizeOf<BashProcess>();
        });
        return (programs, processes);
    }

    // Only noted: attaching takes long, and the ring is not to wait for it.
    private void Consume(ReadOnlySpan<byte> record)
    {
        if (BashLine.TryRead(record, out var line, out var text))
        {
            Interlocked.Increment(ref _lines);
            _sink!.Typed(Command(line, text));
        }
        else if (record.Length == Unsafe.SizeOf<BashProcess>())
        {
            // A process that went through several programs is the last of them.
            var process = MemoryMarshal.Read<BashProcess>(record);
            _started[process.Tgid] = process;
        }
        else
        {
            _losses.CountMalformed();
        }
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

    /// <summary>On the worker, whose the attached files are.</summary>
    private void Publish() => _hooks =
    [
        _exec,
        _programs!.Breakpoints,
        .. _attached!.Hooks,
        .. _discovery!.Unreadable.Select(path => new HookStatus($"readline in {path}", "", "its command lines are not seen: it has no symbols")),
    ];

    private T Keep<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
