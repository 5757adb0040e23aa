using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Dns;

/// <summary>
/// Sums the DNS exchanges of one batch by key and bucket. Belongs to the reader's thread. The measurement has no process: what
/// several processes asked the same server is one key.
/// </summary>
internal sealed class DnsTable(FlowTableOptions options, LedgerStage stage)
{
    private readonly Dictionary<FlowKey, Dictionary<DnsBucketKey, DnsTotals>> _byKey = [];
    private long _queries;
    private long _loopback;
    private long _noAddress;
    private long _noPort;

    /// <summary>Buckets of all keys.</summary>
    public int Buckets { get; private set; }

    public bool IsEmpty => _queries == 0;

    public FlowLoad Load => new FlowLoad { Queries = _queries };

    public void Add(in DnsExchange exchange, string domain)
    {
        switch (FlowFilter.Judge(exchange.Flow, options.IncludeLoopback))
        {
            case FlowVerdict.Loopback: _loopback++; break;
            case FlowVerdict.NoAddress: _noAddress++; break;
            case FlowVerdict.NoPort: _noPort++; break;
            default: Keep(exchange, domain); break;
        }
    }

    /// <summary>Enters what was left out on purpose into the ledger.</summary>
    public void CountFiltered()
    {
        stage.CountFiltered("loopback", ref _loopback);
        stage.CountFiltered("no-address", ref _noAddress);
        stage.CountFiltered("no-port", ref _noPort);
    }

    /// <summary>Hands over the sums, and their place in the ledger.</summary>
    public ImmutableArray<DnsSums> Take()
    {
        if (IsEmpty)
        {
            return [];
        }

        stage.In(_queries);
        var sums = _byKey.Select(e => new DnsSums(e.Key, [.. e.Value], e.Value.Values.Sum(t => t.Count))).ToImmutableArray();
        Clear();
        return sums;
    }

    /// <summary>Gives up what is held and counts it as lost.</summary>
    public void Discard(string reason)
    {
        stage.In(_queries);
        if (_queries > 0)
        {
            stage.Lost(reason, _queries);
        }

        Clear();
    }

    private void Keep(in DnsExchange exchange, string domain)
    {
        // Each query has a client port of its own, whatever ports are told apart elsewhere.
        var key = FlowKey.Of(exchange.Flow, ephemeralStart: 0, domain) with { Pid = 0, ProcessName = "" };
        ref var buckets = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out _);
        buckets ??= [];
        ref var totals = ref CollectionsMarshal.GetValueRefOrAddDefault(buckets, DnsBucketKey.Of(exchange, options.DnsNames), out var known);
        totals += DnsTotals.Of(exchange);
        Buckets += known ? 0 : 1;
        _queries++;
    }

    private void Clear()
    {
        _byKey.Clear();
        _queries = 0;
        Buckets = 0;
    }
}
