using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls.Discovery;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>
/// Plaintext of TLS libraries, from the BPF object <c>tls</c>, which writes into the ring of the net object and uses its table of
/// connections. Records come in on the net probe's thread, files on discovery's. Disposing it detaches every program.
/// </summary>
internal sealed class TlsCapture(TlsOptions options, HttpTracker tracker) : ITlsDiscoverySink, IDisposable
{
    private static readonly string[] SharedMaps = ["tcp_conns", "flow_events", "flow_losses"];

    private readonly ConcurrentQueue<ProbeNote> _notes = new();
    private readonly TlsSessions _sessions = new(tracker, 2 * options.MaxSessions, TimeProvider.System);
    private readonly Lock _nestingGate = new();
    private TlsPrograms? _programs;
    private BpfMap? _counts;
    private TlsFiles? _files;
    private BpfLinkHandle? _egress;
    private BpfLinkHandle? _nesting;
    private IDisposable? _discovery;

    /// <summary>Loads, attaches what does not depend on files, starts to look for them. Throws when the kernel refuses.</summary>
    public HookStatus Attach(BpfObject net, SafeHandle cgroup)
    {
        _programs = TlsPrograms.Load(
            tls =>
            {
                Array.ForEach(SharedMaps, map => tls.Share(map, net));
                tls.SetMaxEntries("tls_sessions", options.MaxSessions);
            },
            options.LinksAtOnce);
        _counts = _programs.Object.Map("tls_counts");
        _files = new TlsFiles(_programs);
        _egress = _programs.Object.AttachCgroup("tls_on_egress", cgroup);
        _discovery = options.Discover(this);
        return new HookStatus("tls-calls", _programs.AtOnce ? "uprobe_multi, cgroup_skb" : "uprobe, cgroup_skb", "");
    }

    /// <summary>Takes a record that is about a TLS session; false for any other.</summary>
    public bool TryConsume(ReadOnlySpan<byte> record, INetSink sink) => _sessions.TryConsume(record, sink);

    /// <summary>A connection is closed.</summary>
    public void OnClosed(ulong conn) => _sessions.OnClosed(conn);

    public void Sweep(INetSink sink) => _sessions.Sweep(sink);

    public void TellNotes(INetSink sink)
    {
        while (_notes.TryDequeue(out var note))
        {
            sink.Note(note);
        }
    }

    public IReadOnlyList<HookStatus> Status() => _files is null ? [] : [.. _files.Status(), .. Discovery(), Joins()];

    public IReadOnlyList<ProbeLoss> Losses() => Reasons(("tls-no-join", _sessions.NoJoin), ("tls-calls-full", Count(TlsCount.CallsFull)));

    public IReadOnlyList<ProbeLoss> LeftOut() => Reasons(("http2-not-decoded", Count(TlsCount.Http2)));

    public IReadOnlyList<TableFill> Limits() =>
        [new TableFill("TLS sessions", Math.Clamp(Count(TlsCount.Sessions) - Count(TlsCount.SessionsFreed), 0, options.MaxSessions), options.MaxSessions)];

    public void Dispose()
    {
        _discovery?.Dispose();
        _files?.Dispose();
        lock (_nestingGate)
        {
            _nesting?.Dispose();
        }

        _egress?.Dispose();
        _programs?.Object.Dispose();
    }

    void ITlsDiscoverySink.Found(TlsTarget target, int pid)
    {
        if (_programs!.SeeReadsBegin(target))
        {
            AttachNesting();
        }

        Note(_files!.Attach(target, pid));
    }

    void ITlsDiscoverySink.Gone(FileIdentity file) => _files!.Detach(file);

    void ITlsDiscoverySink.NotRecognised(FileIdentity file, int pid, string process, string what) =>
        Note(_files!.Problem(file, process, pid, $"TLS library not recognised: {what}"));

    void ITlsDiscoverySink.LeftOut(FileIdentity file, string path, int pid) => Note(_files!.LeftOut(file, path, pid));

    void ITlsDiscoverySink.Failed(FileIdentity file, string path, int pid, string problem) => Note(_files!.Problem(file, path, pid, problem));

    void ITlsDiscoverySink.Settled(FileIdentity file) => _files!.Settle(file);

    /// <summary>The hook runs for every TCP receive of the host: it waits until there is a library whose reads it can tell about.</summary>
    private void AttachNesting()
    {
        lock (_nestingGate)
        {
            try
            {
                _nesting ??= _programs!.Object.Attach("tls_on_receive");
            }
            catch (BpfException e)
            {
                Note(_files!.Problem(default, "tcp_rcv_space_adjust", pid: 0, $"sessions are tied to sockets by their ciphertext only: {e.Message}"));
            }
        }
    }

    private void Note(ProbeNote? note)
    {
        if (note is not null)
        {
            _notes.Enqueue(note);
        }
    }

    private IReadOnlyList<HookStatus> Discovery() => _discovery is not TlsDiscovery { Status: var status } ? []
        : status.WatchRefused is null ? [new HookStatus("tls-discovery", "PERF_RECORD_MMAP2", "")]
        : [new HookStatus("tls-discovery", "/proc", $"a program that lives for seconds may be missed: {status.WatchRefused}")];

    private HookStatus Joins() => new(
        "tls-sessions",
        $"{Count(TlsCount.Sessions)} seen, tied to a socket by ciphertext {Count(TlsCount.JoinedFingerprint)}, "
            + $"receive {Count(TlsCount.JoinedNested)}, descriptor {Count(TlsCount.JoinedDescriptor)}, corrected {Count(TlsCount.JoinChanged)}; "
            + $"{Count(TlsCount.CallsNested)} calls were inside another session's",
        "");

    private long Count(TlsCount what)
    {
        long sum = 0;
        foreach (var count in _counts?.ReadPerCpu<ulong>((uint)what) ?? [])
        {
            sum += (long)count;
        }

        return sum;
    }

    private static List<ProbeLoss> Reasons(params ReadOnlySpan<(string Reason, long Count)> counts)
    {
        var losses = new List<ProbeLoss>();
        foreach (var (reason, count) in counts)
        {
            if (count > 0)
            {
                losses.Add(new ProbeLoss(reason, count, 0));
            }
        }

        return losses;
    }
}
