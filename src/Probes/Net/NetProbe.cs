using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Native;
using EbpfActors.Probes.Net.Dns;
using EbpfActors.Probes.Net.Http;
using EbpfActors.Probes.Net.Sweeps;
using EbpfActors.Probes.Tls.Capture;

namespace EbpfActors.Probes.Net;

/// <summary>The TCP and UDP flows of this host, from the BPF object <c>net</c>. Disposing it detaches every program.</summary>
public sealed class NetProbe : INetProbe
{
    private readonly NetProbeOptions _options;
    private readonly NetPrograms _programs;
    private readonly List<IDisposable> _owned = [];
    private readonly FlowTracker _tracker;
    private readonly HttpTracker _http;
    private readonly DnsObserver _dns;
    private readonly FlowLosses _losses;
    private TlsCapture? _tls;
    private readonly IFlowSweep.Consumer _consumeSwept;
    private readonly RingReader.Consumer _consumeQueued;
    private readonly RingReader.Consumer _consumeDns;
    private readonly Poller _withoutRings = new();
    private Walks? _walks;
    private RingReader? _ring;
    private RingReader? _dnsRing;
    private INetSink? _sink;
    private long _records;
    private long _ringLosses;
    private bool _hasCgroup;

    /// <summary>UDP packets are looked at without the types of connection tracking.</summary>
    private bool _wantsTypes;

    public NetProbe(NetProbeOptions options)
        : this(options, () => BpfObject.Open("net"))
    {
    }

    /// <param name="options">As of the agent.</param>
    /// <param name="open">Opens the object anew each time.</param>
    internal NetProbe(NetProbeOptions options, Func<BpfObject> open)
    {
        _options = options;
        var names = new ProcessNames(options.ProcRoot);
        _tracker = new FlowTracker(names);
        _http = new HttpTracker(names, options.HttpPathLength, options.MaxConnections);
        _dns = new DnsObserver(new DnsReading(options.DnsTimeout, options.DnsNames, 2 * options.MaxConnections) { Nat = options.Nat }, names);
        _losses = new FlowLosses();
        _tls = options.Tls is { } tls ? new TlsCapture(tls, _http) : null;
        _consumeSwept = ConsumeSwept;
        _consumeQueued = record => Consume(record);
        _consumeDns = ConsumeDns;
        _programs = new NetPrograms(options, open);
    }

    public IReadOnlyList<HookStatus> Attach()
    {
        var hasTypes = TrackingPresence.Look().HasTypes;
        using var cgroup = CgroupRoot.TryOpen(_options.CgroupMount, out var refusal);
        _hasCgroup = cgroup is not null;
        _programs.Attach(cgroup, refusal);
        if (_programs.Object is { } net)
        {
            OpenMaps(net);
            _walks = new Walks(net, _programs, _options.UdpIdleTimeout);
            _walks.AdoptOlder();
        }

        var hooks = _programs.Status();
        _wantsTypes = !hasTypes && hooks.Any(h => h.Hook == NetHooks.Packets.Name && h.Rung.Length > 0);
        return [.. hooks, .. AttachTls(cgroup, refusal)];
    }

    /// <summary>A cgroup2 root can be had now; or the module of connection tracking has come with its types, by which UDP flows find their translation.</summary>
    public string? CouldDoBetter()
    {
        if (!_hasCgroup)
        {
            using var cgroup = CgroupRoot.TryOpen(_options.FindCgroupMount() ?? _options.CgroupMount, out _);
            if (cgroup is not null)
            {
                return "the cgroup2 root can be opened now";
            }
        }

        return _wantsTypes && TrackingPresence.Look().HasTypes ? "the kernel has the types of connection tracking now" : null;
    }

    public void Wait(TimeSpan timeout)
    {
        if (_ring is not null)
        {
            _ring.Wait(_dns.WaitAtMost(timeout, KernelClock.NowNs), _dnsRing!);
        }
        else
        {
            _withoutRings.Wait(timeout);
        }
    }

    public void Wake()
    {
        _ring?.Wake();
        _withoutRings.Wake();
    }

    public int Drain(INetSink sink)
    {
        _sink = sink;
        _tls?.TellNotes(sink);
        // Taken before: a record that is not in the queues yet has a later time. DNS goes first, so that a connection finds its name.
        var now = KernelClock.NowNs;
        var count = (_dnsRing?.Drain(_consumeDns) ?? 0) + (_ring?.Drain(_consumeQueued) ?? 0);
        _dns.Expire(now, sink);
        return count + Observe(_programs.Diag is { } diag ? diag.Ended() : []);
    }

    public int Sweep(INetSink sink)
    {
        var before = _records;
        _sink = sink;
        _walks?.LearnOwners();
        var begun = KernelClock.NowNs;
        var full = _losses.Total(FlowLoss.RingFull) is var lost && lost != _ringLosses && _programs.Sweep is not null;
        _ringLosses = lost;
        _walks?.BeginSweep(all: full);
        if (full)
        {
            _tracker.BeginFullSweep();
        }

        _programs.Sweep?.Run(_consumeSwept);
        Observe(_programs.Diag is { } diag ? diag.Sweep() : []);
        _tls?.Sweep(sink);
        _http.Sweep(sink);
        if (full)
        {
            // A lost last record leaves its flow here; closings that are still queued come through Drain as the flow's next record.
            Drain(sink);
            _tracker.ForgetUnseen();
            EndLost(begun, sink);
        }

        return (int)(_records - before);
    }

    /// <summary>What is still kept of connections that were there before a full sweep which did not show them.</summary>
    private void EndLost(ulong begunNs, INetSink sink)
    {
        var now = KernelClock.NowNs;
        bool IsOver(ulong conn) => !_tracker.IsOpen(conn) && FlowEvent.BornNs(conn, now) < begunNs;
        _tls?.EndLost(IsOver);
        _http.EndLost(IsOver, sink);
    }

    public ProbeCounters Counters() => new(
        Interlocked.Read(ref _records),
        [.. _losses.Snapshot(_programs.Diag), .. _http.Losses(), .. _dns.Losses(), .. _tls?.Losses() ?? []],
        [
            new TableFill("flows reported and open", _tracker.Count, 2L * _options.MaxConnections),
            new TableFill("HTTP connections with an exchange under way", _http.Count, _options.MaxConnections),
            .. _dns.Limits(),
            .. _tls?.Limits() ?? [],
        ])
    {
        LeftOut = [.. _losses.LeftOut(), .. _http.LeftOut(), .. _dns.LeftOut(), .. _tls?.LeftOut() ?? []],
        Hooks = _tls?.Status() ?? [],
    };

    public void Dispose()
    {
        _tls?.Dispose();
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
        _programs.Dispose();
        _withoutRings.Dispose();
    }

    private void OpenMaps(BpfObject net)
    {
        _losses.Open(net.Map("flow_losses"));
        _ring = Keep(new RingReader(net.Map("flow_events")));
        _dnsRing = Keep(new RingReader(net.Map("dns_events")));
        net.Map("dns_ports").Write(0, DnsPorts.Of(_options.DnsPorts));
    }

    /// <summary>A kernel that refuses TLS capture keeps the rest.</summary>
    private IReadOnlyList<HookStatus> AttachTls(SafeHandle? cgroup, BpfException? refusal)
    {
        if (_tls is null)
        {
            return [];
        }

        var hooks = _programs.Object is { } net && _programs.TracksTcp
            ? _tls.Attach(net, cgroup, refusal)
            : [new HookStatus(TlsHooks.Calls.Name, "", $"{TlsHooks.Calls.Without}: there are no connections without {NetHooks.TcpState.Name}")];
        if (!_tls.IsOn)
        {
            _tls.Dispose();
            _tls = null;
        }

        return hooks;
    }

    private void ConsumeSwept(ReadOnlySpan<byte> records)
    {
        var size = Unsafe.SizeOf<FlowEvent>();
        for (var at = 0; at < records.Length; at += size)
        {
            Consume(records.Slice(at, Math.Min(size, records.Length - at)));
        }
    }

    // The kinds of records have different sizes, which the header of each asserts.
    private void Consume(ReadOnlySpan<byte> bytes)
    {
        Count();
        if (_tls is not null && _tls.TryConsume(bytes, _sink!))
        {
            return;
        }

        if (HttpExchangeRecord.IsSize(bytes.Length))
        {
            _http.OnExchange(MemoryMarshal.AsRef<HttpExchangeRecord>(bytes), bytes[Unsafe.SizeOf<HttpExchangeRecord>()..], _sink!);
        }
        else if (bytes.Length == Unsafe.SizeOf<HttpLine>())
        {
            _http.OnLine(MemoryMarshal.AsRef<HttpLine>(bytes));
        }
        else if (bytes.Length == Unsafe.SizeOf<HttpHead>())
        {
            _http.OnHead(MemoryMarshal.AsRef<HttpHead>(bytes), _sink!);
        }
        else if (bytes.Length == Unsafe.SizeOf<HttpEnd>())
        {
            _http.OnEnd(MemoryMarshal.AsRef<HttpEnd>(bytes), _sink!);
        }
        else if (FlowEvent.TryRead(bytes, out var record))
        {
            Observe(record);
        }
        else
        {
            _losses.CountMalformed(bytes.Length);
        }
    }

    private void ConsumeDns(ReadOnlySpan<byte> bytes)
    {
        Count();
        _dns.OnRecord(bytes, _sink!);
    }

    // One thread counts, any may read: no bus lock for each record.
    private void Count() => Volatile.Write(ref _records, _records + 1);

    private int Observe(ReadOnlySpan<FlowEvent> records)
    {
        foreach (ref readonly var record in records)
        {
            Count();
            Observe(record);
        }

        return records.Length;
    }

    private void Observe(in FlowEvent record)
    {
        if (record.IsClosed)
        {
            _tls?.OnClosed(record.Id);
        }

        if (record.IsClosed && (_programs.HasHttp || _tls is not null))
        {
            _http.OnClosed(record, _sink!);
        }

        if (_tracker.TryObserve(record, out var delta))
        {
            _sink!.Flow(delta);
        }
    }

    private T Keep<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
