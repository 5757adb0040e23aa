using System.Buffers;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Metadata;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Http;

/// <summary>
/// Sums the exchanges of one drain or sweep by key and bucket. Belongs to the reader's thread; allocates nothing per
/// exchange in steady state.
/// </summary>
internal sealed class HttpTable(FlowTableOptions options, LedgerStage stage)
{
    private readonly HttpSumsPool _pool = new();
    private readonly Dictionary<FlowKey, HttpSums> _byKey = [];
    private readonly RecentPlaces _recent = new();
    private FlowLoad _load;
    private long _loopback;
    private long _collector;
    private long _noAddress;
    private long _noPort;

    /// <summary>Buckets of all keys.</summary>
    public int Buckets { get; private set; }

    public int Keys => _byKey.Count;

    public FlowLoad Load => _load;

    public void Add(in HttpExchange exchange, DomainTable domains)
    {
        if ((exchange.Count | exchange.BytesRead | exchange.BytesWritten) == 0)
        {
            return;
        }

        if (_recent.TryFind(exchange, out var sums, out var place))
        {
            Keep(exchange, sums, place);
            return;
        }

        switch (FlowFilter.Judge(exchange.Flow, options.IncludeLoopback))
        {
            case FlowVerdict.Loopback: _loopback += exchange.Count; break;
            case FlowVerdict.NoAddress: _noAddress += exchange.Count; break;
            case FlowVerdict.NoPort: _noPort += exchange.Count; break;
            default: Judge(exchange, domains); break;
        }
    }

    private void Judge(in HttpExchange exchange, DomainTable domains)
    {
        if (options.Collector.Has(exchange.Flow))
        {
            _collector += exchange.Count;
        }
        else
        {
            Open(exchange, domains.Find(exchange.Flow));
        }
    }

    /// <summary>Enters what was left out on purpose into the ledger.</summary>
    public void CountFiltered()
    {
        stage.CountFiltered("collector", ref _collector);
        stage.CountFiltered("loopback", ref _loopback);
        stage.CountFiltered("no-address", ref _noAddress);
        stage.CountFiltered("no-port", ref _noPort);
    }

    /// <summary>Hands over the sums in an array from the pool, and their place in the ledger.</summary>
    public KeyedHttp[] Take()
    {
        var items = ArrayPool<KeyedHttp>.Shared.Rent(_byKey.Count);
        var count = 0;
        foreach (var (key, sums) in _byKey)
        {
            items[count++] = new KeyedHttp(key, sums);
        }

        stage.In(_load.Exchanges);
        Clear();
        return items;
    }

    /// <summary>Gives up what is held and counts it as lost.</summary>
    public void Discard(string reason)
    {
        stage.In(_load.Exchanges);
        if (_load.Exchanges > 0)
        {
            stage.Lost(reason, _load.Exchanges);
        }

        foreach (var sums in _byKey.Values)
        {
            sums.Return();
        }

        Clear();
    }

    private void Open(in HttpExchange exchange, string domain)
    {
        var key = FlowKey.Of(exchange.Flow, options.EphemeralPortStart, domain, options.Nat?.Find(exchange.Flow) ?? default);
        ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out _);
        sums ??= _pool.Take();
        var buckets = sums.Buckets.Count;
        var place = sums.Place(exchange);
        Buckets += sums.Buckets.Count - buckets;
        _recent.Remember(exchange, sums, place);
        Keep(exchange, sums, place);
    }

    private void Keep(in HttpExchange exchange, HttpSums sums, int place)
    {
        sums.Add(place, exchange);
        _load += new FlowLoad(0, exchange.Count, Parts: 1);
    }

    private void Clear()
    {
        _byKey.Clear();
        _recent.Forget();
        _load = default;
        Buckets = 0;
    }
}
