using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
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
    private TlsPrograms? _programs;
    private BpfMap? _counts;
    private TlsFiles? _files;
    private BpfLinkHandle? _egress;
    private ReceiveHook? _receive;
    private IDisposable? _discovery;

    /// <summary>False from the start on when the kernel refuses every way to see calls: then there is nothing to capture.</summary>
    public bool IsOn => _files is not null;

    /// <summary>
    /// Loads, attaches what does not depend on files, starts to look for them. Returns the hooks with the rungs that were taken; no refusal
    /// is thrown.
    /// </summary>
    /// <param name="net">The loaded net object.</param>
    /// <param name="cgroup">The cgroup2 root; null where it cannot be had.</param>
    /// <param name="refusal">Why it cannot.</param>
    public IReadOnlyList<HookStatus> Attach(BpfObject net, SafeHandle? cgroup, BpfException? refusal)
    {
        var ladders = new TlsLadders(options.Without);
        try
        {
            _programs = TlsLoad.Load(() => Open(net), ladders);
        }
        catch (BpfException e)
        {
            return [new HookStatus(TlsHooks.Calls.Name, "", $"{TlsHooks.Calls.Without}: {e.Message}")];
        }

        if (_programs is null)
        {
            return ladders.Status();
        }

        _counts = _programs.Object.Map("tls_counts");
        AttachEgress(_programs.Object, ladders.Sockets, cgroup, refusal);
        _receive = new ReceiveHook(_programs.Object, ladders.OnReceive, ladders.Receive);
        _files = new TlsFiles(_programs);
        _discovery = options.Discover(this, options.Without);
        return [.. ladders.Status().Select(WithLost), _receive.Status(), .. Discovery()];
    }

    /// <summary>Takes a record that is about a TLS session; false for any other.</summary>
    public bool TryConsume(ReadOnlySpan<byte> record, INetSink sink) => _sessions.TryConsume(record, sink);

    /// <summary>A connection is closed.</summary>
    public void OnClosed(ulong conn) => _sessions.OnClosed(conn);

    /// <summary>After a last record of a connection was lost: those that are over, by what else is known.</summary>
    public void EndLost(Func<ulong, bool> isOver) => _sessions.EndLost(isOver);

    public void Sweep(INetSink sink) => _sessions.Sweep(sink);

    public void TellNotes(INetSink sink)
    {
        while (_notes.TryDequeue(out var note))
        {
            sink.Note(note);
        }
    }

    /// <summary>What changes while it runs; an entry takes the place of the one of its name that <see cref="Attach"/> gave.</summary>
    public IReadOnlyList<HookStatus> Status() => _files is null ? [] : [_receive!.Status(), .. Discovery(), .. _files.Status(), Joins()];

    public IReadOnlyList<ProbeLoss> Losses() => ProbeLoss.Of(("tls-no-join", _sessions.NoJoin), ("tls-calls-full", Count(TlsCount.CallsFull)));

    public IReadOnlyList<ProbeLoss> LeftOut()
    {
        var discovery = (_discovery as TlsDiscovery)?.Status;
        return ProbeLoss.Of(
            ("http2-not-decoded", Count(TlsCount.Http2)),
            ("tls-file-over-budget", discovery?.OverBudget ?? 0),
            ("tls-file-hangs", discovery?.Hung ?? 0),
            ("tls-files-waiting-full", discovery?.NoRoom ?? 0));
    }

    public IReadOnlyList<TableFill> Limits() =>
        [new TableFill("TLS sessions", Math.Clamp(Count(TlsCount.Sessions) - Count(TlsCount.SessionsFreed), 0, options.MaxSessions), options.MaxSessions)];

    public void Dispose()
    {
        _discovery?.Dispose();
        _files?.Dispose();
        _receive?.Dispose();
        _egress?.Dispose();
        _programs?.Object.Dispose();
    }

    bool ITlsDiscoverySink.Found(TlsTarget target, int pid)
    {
        if (_programs!.Useless(target) is { } why)
        {
            Note(_files!.Problem(target.File, target.MappedPath, pid, why));
            return true;
        }

        ProbeNote? note = null;
        var isComplete = !_programs.SeeReadsBegin(target) || _receive!.Attach(out note);
        Note(note);
        (note, var isSettled) = _files!.Attach(target, pid);
        Note(note);
        return isComplete && isSettled;
    }

    void ITlsDiscoverySink.Gone(FileIdentity file) => _files!.Detach(file);

    void ITlsDiscoverySink.NotRecognised(FileIdentity file, int pid, string process, string what) =>
        Note(_files!.Problem(file, process, pid, $"TLS library not recognised: {what}"));

    void ITlsDiscoverySink.LeftOut(FileIdentity file, string path, int pid) => Note(_files!.LeftOut(file, path, pid));

    void ITlsDiscoverySink.Failed(FileIdentity file, string path, int pid, string problem) => Note(_files!.Problem(file, path, pid, problem));

    void ITlsDiscoverySink.Settled(FileIdentity file) => _files!.Settle(file);

    private void Note(ProbeNote? note)
    {
        if (note is not null)
        {
            _notes.Enqueue(note);
        }
    }

    private BpfObject Open(BpfObject net)
    {
        var tls = options.Open();
        try
        {
            Array.ForEach(SharedMaps, map => tls.Share(map, net));
            tls.SetMaxEntries("tls_sessions", options.MaxSessions);
            return tls;
        }
        catch
        {
            tls.Dispose();
            throw;
        }
    }

    private void AttachEgress(BpfObject tls, Ladder sockets, SafeHandle? cgroup, BpfException? refusal)
    {
        if (sockets.Rung is null)
        {
            return;
        }

        try
        {
            _egress = tls.AttachCgroup(TlsLadders.OnEgress, cgroup ?? throw refusal!);
        }
        catch (BpfException e)
        {
            sockets.Refuse(e.Reason);
        }
    }

    private HookStatus WithLost(HookStatus hook) => hook.Hook != TlsHooks.Calls.Name || _programs!.Lost is "" ? hook
        : hook with { Problem = string.Join("; ", ((string[])[hook.Problem, _programs.Lost]).Where(p => p.Length > 0)) };

    private IReadOnlyList<HookStatus> Discovery() => _discovery is TlsDiscovery { Status.Hook: var hook } ? [hook] : [];

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
}
