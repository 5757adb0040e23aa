using System.Buffers;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Metadata;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>
/// Sums the records, HTTP and DNS exchanges of one drain or sweep by key, so that what crosses into the actors is one batch and not a message a
/// record. Belongs to the reader's thread; allocates nothing per record in steady state.
/// </summary>
public sealed class FlowTable(FlowTableOptions options, FlowLedger ledger)
{
    private readonly LedgerStage _stage = ledger.Stage(LedgerStages.Flows, "records");
    private readonly HttpTable _http = new(options, ledger.Stage(LedgerStages.Http, "exchanges"));
    private readonly DnsTable _dns = new(options, ledger.Stage(LedgerStages.Dns, "queries"));
    private readonly Dictionary<FlowKey, FlowTotals> _flows = new(options.BatchKeys);
    private long _records;
    private long _loopback;
    private long _noAddress;
    private long _noPort;

    /// <summary>The names of addresses, which outlive every batch.</summary>
    public DomainTable Domains { get; } = new(options.Domains);

    /// <summary>True when the batch has its size and should be taken.</summary>
    public bool IsFull => _flows.Count + _http.Buckets + _dns.Buckets >= options.BatchKeys;

    /// <summary>True when there is nothing to take.</summary>
    public bool IsEmpty => _records == 0 && _http.Load.IsEmpty && _dns.IsEmpty;

    public void Add(in FlowDelta delta)
    {
        switch (FlowFilter.Judge(delta, options.IncludeLoopback))
        {
            case FlowVerdict.Keep:
                var key = FlowKey.Of(delta.Flow, options.EphemeralPortStart, Domains.Find(delta.Flow), Nat(delta));
                ref var totals = ref CollectionsMarshal.GetValueRefOrAddDefault(_flows, key, out _);
                totals += FlowTotals.Of(delta);
                _records++;
                break;
            case FlowVerdict.Loopback: _loopback++; break;
            case FlowVerdict.NoAddress: _noAddress++; break;
            case FlowVerdict.NoPort: _noPort++; break;
            case FlowVerdict.NothingHappened: break;
        }
    }

    public void Add(in HttpExchange exchange) => _http.Add(exchange, Domains);

    public void Add(in DnsExchange exchange) => _dns.Add(exchange, Domains.Find(exchange.Flow));

    /// <summary>Enters what was left out on purpose into the ledger; <see cref="Take"/> enters the rest.</summary>
    public void CountFiltered()
    {
        _stage.CountFiltered("loopback", ref _loopback);
        _stage.CountFiltered("no-address", ref _noAddress);
        _stage.CountFiltered("no-port", ref _noPort);
        _http.CountFiltered();
        _dns.CountFiltered();
    }

    /// <summary>Hands over the batch and its place in the ledger. The credit must have been taken.</summary>
    public FlowBatch Take(CreditGate credits)
    {
        var items = ArrayPool<KeyedTotals>.Shared.Rent(_flows.Count);
        var count = 0;
        foreach (var (key, totals) in _flows)
        {
            items[count++] = new KeyedTotals(key, totals);
        }

        var load = new FlowLoad(_records, 0, 0) + _http.Load + _dns.Load;
        var httpKeys = _http.Keys;
        var batch = new FlowBatch(items, count, _http.Take(), httpKeys, load, credits) { Dns = _dns.Take() };
        _stage.In(_records);
        Clear();
        return batch;
    }

    /// <summary>Gives up what is held and counts it as lost.</summary>
    public void Discard(string reason)
    {
        _stage.In(_records);
        if (_records > 0)
        {
            _stage.Lost(reason, _records);
        }

        _http.Discard(reason);
        _dns.Discard(reason);
        Clear();
    }

    /// <summary>What the packets themselves showed goes before what connection tracking says.</summary>
    private NatTarget Nat(in FlowDelta delta) =>
        options.Nat is not { } lookup || delta.Flow.Direction != Direction.Outgoing ? default
        : delta.Nat.IsKnown ? delta.Nat
        : (delta.Established | delta.Closed) != 0 ? lookup.FindFresh(delta.Flow)
        : lookup.Find(delta.Flow);

    private void Clear()
    {
        _flows.Clear();
        _records = 0;
    }
}
