using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Net.Dns;
using EbpfActors.Probes.Net.Http;
using EbpfActors.Probes.Tls.Capture;

namespace EbpfActors.Probes.Net;

/// <summary>The TCP and UDP flows of this host, from the BPF object <c>net</c>. Disposing it detaches every program.</summary>
public sealed class NetProbe : INetProbe
{
    private readonly NetProbeOptions _options;
    private BpfObject _object;
    private bool _withHttp;
    private readonly List<IDisposable> _attached = [];
    private readonly FlowTracker _tracker;
    private readonly HttpTracker _http;
    private readonly DnsObserver _dns;
    private readonly FlowLosses _losses;
    private TlsCapture? _tls;
    private readonly BpfIterator.Consumer _consumeSwept;
    private readonly RingReader.Consumer _consumeQueued;
    private readonly RingReader.Consumer _consumeDns;
    private BpfMap? _control;
    private BpfIterator? _tcpSweep;
    private BpfIterator? _udpSweep;
    private BpfIterator? _adopt;
    private RingReader? _ring;
    private RingReader? _dnsRing;
    private INetSink? _sink;
    private long _records;
    private long _unsureAfterAdoption;
    private long _ringLosses;

    public NetProbe(NetProbeOptions options)
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
        _withHttp = options.Http;
        _object = Open();
    }

    public IReadOnlyList<HookStatus> Attach()
    {
        var refusal = Load();
        _losses.Open(_object.Map("flow_losses"));
        _control = _object.Map("flow_control");
        _ring = Keep(new RingReader(_object.Map("flow_events")));
        _dnsRing = Keep(new RingReader(_object.Map("dns_events")));
        _object.Map("dns_ports").Write(0, DnsPorts.Of(_options.DnsPorts));
        _tcpSweep = Keep(_object.AttachIterator("tcp_sweep", _object.Map("tcp_conns")));
        _udpSweep = Keep(_object.AttachIterator("udp_sweep", _object.Map("udp_flows")));
        _adopt = Keep(_object.AttachIterator("flow_adopt"));
        using var cgroup = CgroupRoot.Open(_options.CgroupMount);
        var hooks = NetHooks.Attach(_object, cgroup, _withHttp, link => Keep(link));
        Adopt(listeners: true);
        Adopt(listeners: false);
        HookStatus[] refused = refusal is null ? [] : [new HookStatus("http-packets", "", $"no httpflow: {refusal.Message}")];
        return [.. hooks, .. refused, .. AttachTls(cgroup)];
    }

    public void Wait(TimeSpan timeout) => _ring!.Wait(_dns.WaitAtMost(timeout, KernelClock.NowNs), _dnsRing!);

    public void Wake() => _ring?.Wake();

    public int Drain(INetSink sink)
    {
        _sink = sink;
        _tls?.TellNotes(sink);
        // Taken before: a record that is not in the queues yet has a later time. DNS goes first, so that a connection finds its name.
        var now = KernelClock.NowNs;
        var count = _dnsRing!.Drain(_consumeDns) + _ring!.Drain(_consumeQueued);
        _dns.Expire(now, sink);
        return count;
    }

    public int Sweep(INetSink sink)
    {
        var before = _records;
        _sink = sink;
        LearnOwners();
        var full = _losses.Total(FlowLoss.RingFull) is var lost && lost != _ringLosses;
        _ringLosses = lost;
        Tell(full, listeners: false);
        if (full)
        {
            _tracker.BeginFullSweep();
        }

        _tcpSweep!.Run(_consumeSwept);
        _udpSweep!.Run(_consumeSwept);
        _tls?.Sweep(sink);
        _http.Sweep(sink);
        if (full)
        {
            // A lost last record leaves its flow here; closings that are still queued come through Drain as the flow's next record.
            Drain(sink);
            _tracker.ForgetUnseen();
        }

        return (int)(_records - before);
    }

    public ProbeCounters Counters() => new(
        Interlocked.Read(ref _records),
        [.. _losses.Snapshot(), .. _http.Losses(), .. _dns.Losses(), .. _tls?.Losses() ?? []],
        [
            new TableFill("flows reported and open", _tracker.Count, 2L * _options.MaxConnections),
            new TableFill("HTTP connections with an exchange under way", _http.Count, _options.MaxConnections),
            .. _dns.Limits(),
            .. _tls?.Limits() ?? [],
        ])
    {
        LeftOut = [.. _http.LeftOut(), .. _dns.LeftOut(), .. _tls?.LeftOut() ?? []],
        Hooks = _tls?.Status() ?? [],
    };

    public void Dispose()
    {
        _tls?.Dispose();
        for (var i = _attached.Count - 1; i >= 0; i--)
        {
            _attached[i].Dispose();
        }

        _attached.Clear();
        _object.Dispose();
    }

    private BpfObject Open()
    {
        var net = BpfObject.Open("net");
        foreach (var map in (string[])["tcp_conns", "udp_flows", "udp_socks"])
        {
            net.SetMaxEntries(map, _options.MaxConnections);
        }

        NetHooks.Choose(net, _withHttp);
        return net;
    }

    /// <summary>An old verifier may refuse the HTTP programs; netflow does not need them. Returns why they were left out.</summary>
    private BpfException? Load()
    {
        try
        {
            _object.Load();
            return null;
        }
        catch (BpfException refusal) when (_withHttp)
        {
            _object.Dispose();
            _withHttp = false;
            _object = Open();
            _object.Load();
            return refusal;
        }
    }

    /// <summary>A kernel that refuses TLS capture keeps the rest.</summary>
    private IReadOnlyList<HookStatus> AttachTls(SafeHandle cgroup)
    {
        if (_tls is null)
        {
            return [];
        }

        var hooks = _tls.Attach(_object, cgroup);
        if (!_tls.IsOn)
        {
            _tls.Dispose();
            _tls = null;
        }

        return hooks;
    }

    /// <summary>Servers whose accept no hook has seen: who holds the socket is looked up before it is reported, but only when there are new ones.</summary>
    private void LearnOwners()
    {
        var unsure = _control!.Read<FlowControl>(0).UnsureOwners;
        if (unsure > _unsureAfterAdoption)
        {
            Adopt(listeners: false);
            unsure = _control.Read<FlowControl>(0).UnsureOwners;
        }

        _unsureAfterAdoption = unsure;
    }

    private void Adopt(bool listeners)
    {
        Tell(full: false, listeners);
        _adopt!.Run(static bytes => bytes.Length);
    }

    private void Tell(bool full, bool listeners) => _control!.Write(0, _control.Read<FlowControl>(0) with
    {
        UdpIdleNs = (ulong)_options.UdpIdleTimeout.TotalNanoseconds,
        SweepAll = full ? 1u : 0u,
        AdoptListeners = listeners ? 1u : 0u,
    });

    private int ConsumeSwept(ReadOnlySpan<byte> bytes)
    {
        var size = Unsafe.SizeOf<FlowEvent>();
        var whole = bytes.Length - (bytes.Length % size);
        for (var at = 0; at < whole; at += size)
        {
            Consume(bytes.Slice(at, size));
        }

        return whole;
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

    private void Observe(in FlowEvent record)
    {
        if (record.IsClosed)
        {
            _tls?.OnClosed(record.Id);
        }

        if (record.IsClosed && (_withHttp || _tls is not null))
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
        _attached.Add(resource);
        return resource;
    }
}
