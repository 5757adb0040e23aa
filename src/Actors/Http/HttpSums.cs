using System.Runtime.InteropServices;
using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Http;

/// <summary>
/// Reader thread of the net probe -> flush scheduler -> aggregator: one batch's sums of one key by bucket. It has one owner
/// at a time; the last one calls <see cref="Return"/> and forgets it. Not thread-safe.
/// </summary>
public sealed class HttpSums : INoSerializationVerificationNeeded
{
    private readonly HttpSumsPool _pool;
    private readonly Dictionary<HttpBucketKey, HttpTotals> _buckets = [];

    internal HttpSums(HttpSumsPool pool) => _pool = pool;

    /// <summary>What is in these sums, for the ledger.</summary>
    public FlowLoad Load { get; private set; }

    /// <summary>The concrete type, for an enumerator that costs no allocation. Read only.</summary>
    internal Dictionary<HttpBucketKey, HttpTotals> Buckets => _buckets;

    /// <summary>Latencies of the counted exchanges. Read only.</summary>
    internal LatencySketch Latencies { get; } = new();

    internal int Capacity => _buckets.EnsureCapacity(0);

    /// <summary>True when the exchange opened a bucket.</summary>
    public bool Add(in HttpExchange exchange)
    {
        ref var totals = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets, HttpBucketKey.Of(exchange), out var known);
        totals += HttpTotals.Of(exchange);
        Load += new FlowLoad(0, exchange.Count, Parts: 1);
        if (exchange.Count > 0)
        {
            Latencies.Record(exchange.LatencyNs);
        }

        return !known;
    }

    /// <summary>Empties it and gives it back to the reader.</summary>
    public void Return()
    {
        _buckets.Clear();
        Latencies.Clear();
        Load = default;
        _pool.TakeBack(this);
    }
}
