using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Http;

/// <summary>
/// Owns the HTTP sums of one connection key between flushes. A bucket outlives the flush that emptied it by one, so that
/// what is asked for again and again is not made anew each time. Not thread-safe.
/// </summary>
public sealed class HttpBuckets(HttpPathLimits limits, CardinalityBudget budget)
{
    private const int BucketsPerPath = 4;
    private const int BucketsAtLeast = 256;

    private static readonly HashSet<string> CommonMethods =
        new(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"], StringComparer.Ordinal);

    private readonly Dictionary<HttpBucketKey, HttpTotals> _buckets = [];
    private readonly CardinalityGovernor _paths = new(limits.PerFlow, budget);
    private readonly LatencySketch _latencies = new();
    private readonly int _most = (int)Math.Min(int.MaxValue, BucketsAtLeast + ((long)BucketsPerPath * limits.PerFlow));
    private FlowLoad _load;
    private ulong _overflowed;

    public int Count => _buckets.Count;

    /// <summary>Adds the sums and returns them to their pool.</summary>
    public void Add(HttpSums sums)
    {
        foreach (var (key, totals) in sums.Buckets)
        {
            Add(key, totals);
        }

        _load += sums.Load;
        _latencies.Add(sums.Latencies);
        sums.Return();
    }

    /// <summary>A line for each bucket in which something came; the others are dropped.</summary>
    public HttpFlushed Flush(HttpflowLineRenderer renderer, PointTags prefix, long timestampNs)
    {
        var lines = ImmutableArray.CreateBuilder<byte[]>(_buckets.Count);
        foreach (var (key, totals) in _buckets)
        {
            if (totals.IsEmpty)
            {
                _buckets.Remove(key);
                _paths.Release(key.Path);
            }
            else
            {
                lines.Add(renderer.Line(prefix, key, totals, timestampNs));
                CollectionsMarshal.GetValueRefOrNullRef(_buckets, key) = default;
            }
        }

        var flushed = new HttpFlushed(lines.DrainToImmutable(), _load, (long)_overflowed, _buckets.Count)
        {
            Latency = _latencies.Summarise(),
        };
        _latencies.Clear();
        (_load, _overflowed) = (default, 0);
        return flushed;
    }

    /// <summary>Gives all paths back to the budget. To be called before it is forgotten.</summary>
    public void Release() => _paths.ReleaseAll();

    private void Add(in HttpBucketKey key, in HttpTotals totals)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(_buckets, key);
        if (!Unsafe.IsNullRef(ref known))
        {
            known += totals;
            return;
        }

        ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets, Admit(key, totals.Count), out _);
        bucket += totals;
    }

    /// <summary>The bucket itself, or the one for everything that there is no room for.</summary>
    private HttpBucketKey Admit(in HttpBucketKey key, ulong count)
    {
        if (_buckets.Count < _most && _paths.TryHold(key.Path))
        {
            return key;
        }

        // Methods are free text as well: with the path's bound alone they could still fill the memory.
        _overflowed += count;
        var method = CommonMethods.Contains(key.Method) ? key.Method : CardinalityGovernor.Other;
        return key with { Method = method, Path = CardinalityGovernor.Other, IsTruncated = false };
    }
}
