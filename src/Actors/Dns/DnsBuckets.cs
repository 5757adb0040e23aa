using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;

namespace EbpfActors.Actors.Dns;

/// <summary>Owns the DNS sums of one connection key between two flushes. Not thread-safe.</summary>
public sealed class DnsBuckets(DnsNameLimits limits, HttpPathBudget budget)
{
    private readonly Dictionary<DnsBucketKey, DnsTotals> _buckets = [];

    /// <summary>Names are bounded as paths are; a name of several types or codes holds its place once for each.</summary>
    private readonly HttpPathGovernor _names = new(limits.PerFlow, budget);
    private FlowLoad _load;

    public void Add(DnsSums sums)
    {
        foreach (var (key, totals) in sums.Buckets)
        {
            ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets, Admit(key), out _);
            bucket += totals;
        }

        _load += sums.Load;
    }

    /// <summary>A line for each bucket, and nothing is left.</summary>
    public DnsFlushed Flush(DnsflowLineRenderer renderer, in FlowKey key, long timestampNs)
    {
        var lines = ImmutableArray.CreateBuilder<byte[]>(_buckets.Count);
        foreach (var (bucket, totals) in _buckets)
        {
            lines.Add(renderer.Line(key, bucket, totals, timestampNs));
        }

        var flushed = new DnsFlushed(lines.MoveToImmutable(), _load);
        _load = default;
        _buckets.Clear();
        _names.ReleaseAll();
        return flushed;
    }

    /// <summary>Gives all names back to the budget. To be called before it is forgotten.</summary>
    public void Release() => _names.ReleaseAll();

    /// <summary>The bucket itself, or the one of its code for every name that there is no room for.</summary>
    private DnsBucketKey Admit(in DnsBucketKey key) =>
        key.Name.Length == 0 || _buckets.ContainsKey(key) || _names.TryHold(key.Name)
            ? key
            : key with { Name = HttpPathGovernor.Other, QueryType = 0 };
}
