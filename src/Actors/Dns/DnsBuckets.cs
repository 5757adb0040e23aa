using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Dns;

/// <summary>Owns the DNS sums of one connection key between two flushes. Not thread-safe.</summary>
public sealed class DnsBuckets(DnsNameLimits limits, CardinalityBudget budget)
{
    private readonly Dictionary<DnsBucketKey, DnsTotals> _buckets = [];

    /// <summary>Names are bounded as paths are; a name of several types or codes holds its place once for each.</summary>
    private readonly CardinalityGovernor _names = new(limits.PerFlow, budget);
    private readonly Dictionary<(string Process, uint Pid), long> _overflowed = [];
    private FlowLoad _load;

    public void Add(DnsSums sums)
    {
        foreach (var (key, totals) in sums.Buckets)
        {
            ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets, Admit(key, totals), out _);
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

        var flushed = new DnsFlushed(
            lines.MoveToImmutable(), _load, [.. _overflowed.Select(o => new DnsOverflow(o.Key.Process, o.Key.Pid, o.Value))]);
        _overflowed.Clear();
        _load = default;
        _buckets.Clear();
        _names.ReleaseAll();
        return flushed;
    }

    /// <summary>Gives all names back to the budget. To be called before it is forgotten.</summary>
    public void Release() => _names.ReleaseAll();

    /// <summary>The bucket itself, or the one of its code for every name that there is no room for.</summary>
    private DnsBucketKey Admit(in DnsBucketKey key, in DnsTotals totals)
    {
        if (key.Name.Length == 0 || _buckets.ContainsKey(key) || _names.TryHold(key.Name))
        {
            return key;
        }

        var process = (totals.Process, totals.Pid);
        _overflowed[process] = _overflowed.GetValueOrDefault(process) + totals.Count;
        return key with { Name = CardinalityGovernor.Other, QueryType = 0 };
    }
}
