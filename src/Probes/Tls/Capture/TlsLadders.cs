using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>The hooks that programs of the tls object serve, with the programs of each rung. Not thread-safe.</summary>
internal sealed class TlsLadders
{
    public const string UprobeMulti = "uprobe_multi";
    public const string Uprobe = "uprobe";
    public const string PerfEvent = "perf_event";

    public const string AtAnyPlace = "tls_at_point";
    public const string AfterCalls = "tls_take";
    public const string AtBioWrite = "tls_on_bio";
    public const string OnEgress = "tls_on_egress";

    private const string TypedTracepoint = "tp_btf";

    private readonly ProgramLadder _receive;

    public TlsLadders(WithoutHooks without)
    {
        // The programs for one kind of place are in no ladder: each can be missing.
        Calls = new Ladder(TlsHooks.Calls, without);
        Sockets = new Ladder(TlsHooks.Sockets, without);
        _receive = new ProgramLadder(
            new Ladder(TlsHooks.Receive, without), (TypedTracepoint, ["tls_on_receive"]), ("raw_tp", ["tls_receive_raw"]));
        All =
        [
            new ProgramLadder(Calls, (UprobeMulti, [AtAnyPlace, AfterCalls]), (Uprobe, [AfterCalls]), (PerfEvent, [AfterCalls])),
            new ProgramLadder(Sockets, ("cgroup_skb", [OnEgress])),
            _receive,
        ];
    }

    public Ladder Calls { get; }

    public Ladder Sockets { get; }

    public Ladder Receive => _receive.Ladder;

    /// <summary>The program of the rung of <see cref="Receive"/> in use; null when there is no rung.</summary>
    public string? OnReceive => _receive.Wanted is [var program] ? program : null;

    public IReadOnlyCollection<ProgramLadder> All { get; }

    /// <summary>One program serves all places, and is told by its cookie at which it is.</summary>
    public bool IsAtAnyPlace => Calls.IsOn(UprobeMulti);

    /// <summary>For status and log: one entry for each hook that does not change any more; without calls the others serve nobody.</summary>
    public IReadOnlyList<HookStatus> Status() => Calls.Rung is null ? [Calls.Status()] : [Calls.Status(), SocketStatus()];

    /// <summary>Why no session of a library could be tied to its socket; null when some can.</summary>
    public string? Untied(TlsFlavour flavour) => flavour switch
    {
        TlsFlavour.GnuTls when Receive.Rung is null => $"no session of GnuTLS can be tied to its socket without {TlsHooks.Receive.Name}",
        TlsFlavour.OpenSsl when Sockets.Rung is null && Receive.Rung is null =>
            $"no session of OpenSSL can be tied to its socket without {TlsHooks.Sockets.Name} and {TlsHooks.Receive.Name}",
        _ => null,
    };

    /// <summary>Go's objects name their descriptors: they need neither.</summary>
    private HookStatus SocketStatus() => Sockets.Rung is null && Receive.Rung is null
        ? Sockets.Status() with { Problem = "no httpflow-tls but that of Go programs, whose objects name their sockets" }
        : Sockets.Status();
}
