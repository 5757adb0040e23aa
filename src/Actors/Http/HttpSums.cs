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
    private readonly Dictionary<HttpBucketKey, int> _places = [];
    private readonly List<HttpBucket> _buckets = [];

    internal HttpSums(HttpSumsPool pool) => _pool = pool;

    /// <summary>What is in these sums, for the ledger.</summary>
    public FlowLoad Load { get; private set; }

    /// <summary>The concrete type, for an enumerator that costs no allocation. Read only.</summary>
    internal List<HttpBucket> Buckets => _buckets;

    /// <summary>Latencies of the counted exchanges. Read only.</summary>
    internal LatencySketch Latencies { get; } = new();

    internal int Capacity => _buckets.Capacity;

    /// <summary>The place of the exchange's bucket, which it keeps until <see cref="Return"/>; a new one when it is the first.</summary>
    public int Place(in HttpExchange exchange)
    {
        var key = HttpBucketKey.Of(exchange);
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, key, out var known);
        if (!known)
        {
            place = _buckets.Count;
            _buckets.Add(new HttpBucket(key, default));
        }

        return place;
    }

    public void Add(in HttpExchange exchange) => Add(Place(exchange), exchange);

    /// <summary>As <see cref="Add(in HttpExchange)"/>, where the bucket's place is known.</summary>
    public void Add(int place, in HttpExchange exchange)
    {
        CollectionsMarshal.AsSpan(_buckets)[place].Totals += HttpTotals.Of(exchange);
        Load += new FlowLoad(0, exchange.Count, Parts: 1);
        if (exchange.Count > 0)
        {
            Latencies.Record(exchange.LatencyNs);
        }
    }

    /// <summary>Empties it and gives it back to the reader.</summary>
    public void Return()
    {
        _places.Clear();
        _buckets.Clear();
        Latencies.Clear();
        Load = default;
        _pool.TakeBack(this);
    }
}
