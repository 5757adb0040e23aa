using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Metadata;

/// <summary>
/// Knows by which names addresses were asked for, per network namespace, for as long as their records said. Bounded: the address
/// that was not used for longest makes room. Belongs to the reader's thread, which asks it when a record becomes a key.
/// </summary>
public sealed class DomainTable(DomainTableOptions options)
{
    /// <summary>Names of one address that are told apart; of more the one that was asked longest ago goes.</summary>
    private const int MostNames = 8;

    private readonly Dictionary<(uint NetNamespace, IpAddress Address), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private ulong _newestNs;

    /// <summary>Addresses with a name.</summary>
    public int Count => _entries.Count;

    public int Size => options.MaxAddresses;

    /// <summary>Addresses that had to make room.</summary>
    public long Evicted { get; private set; }

    public void Add(in DomainObservation seen)
    {
        _newestNs = Math.Max(_newestNs, seen.AtNs);
        var key = (seen.NetNamespace, seen.Address);
        if (!_entries.TryGetValue(key, out var node))
        {
            if (_entries.Count >= options.MaxAddresses)
            {
                Evict();
            }

            node = _byUse.AddFirst(new Entry(key));
            _entries.Add(key, node);
        }
        else
        {
            Use(node);
        }

        node.Value.Learn(seen, seen.AtNs + Lifetime(seen.TimeToLive));
    }

    /// <summary>
    /// The name under which the peer of this flow was asked for: one that was valid when the flow began goes before one that was
    /// learnt later, then one that its own process asked for, then the newest. Empty when there is none.
    /// </summary>
    public string Find(in FlowIdentity flow)
    {
        if (_entries.Count == 0 || !_entries.TryGetValue((flow.NetNamespace, flow.Destination), out var node))
        {
            return "";
        }

        Use(node);
        return node.Value.Find(flow.Pid, flow.BornNs == 0 ? _newestNs : flow.BornNs);
    }

    private ulong Lifetime(TimeSpan timeToLive) =>
        (ulong)Math.Clamp(timeToLive.Ticks, options.MinTimeToLive.Ticks, options.MaxTimeToLive.Ticks) * TimeSpan.NanosecondsPerTick;

    private void Use(LinkedListNode<Entry> node)
    {
        if (_byUse.First != node)
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
        }
    }

    private void Evict()
    {
        var last = _byUse.Last!;
        _byUse.RemoveLast();
        _entries.Remove(last.Value.Key);
        Evicted++;
    }

    /// <summary>A name, who asked for it last, and from when to when it is good.</summary>
    private readonly record struct Known(string Name, uint Pid, ulong FromNs, ulong LastNs, ulong UntilNs);

    /// <summary>The names of one address, the one that was asked last at the end.</summary>
    private sealed class Entry((uint NetNamespace, IpAddress Address) key)
    {
        private readonly List<Known> _names = new(1);

        internal (uint NetNamespace, IpAddress Address) Key { get; } = key;

        internal void Learn(in DomainObservation seen, ulong untilNs)
        {
            var fromNs = seen.AtNs;
            for (var i = 0; i < _names.Count; i++)
            {
                var known = _names[i];
                if (known.Pid == seen.Pid && string.Equals(known.Name, seen.Name, StringComparison.Ordinal))
                {
                    // Asked again while it was good, it has been good all along.
                    fromNs = known.UntilNs >= seen.AtNs ? known.FromNs : fromNs;
                    untilNs = Math.Max(untilNs, known.UntilNs);
                    _names.RemoveAt(i);
                    break;
                }
            }

            if (_names.Count == MostNames)
            {
                _names.RemoveAt(0);
            }

            _names.Add(new Known(seen.Name, seen.Pid, fromNs, seen.AtNs, untilNs));
        }

        internal string Find(uint pid, ulong bornNs)
        {
            var (best, bestRank) = ("", 0);
            foreach (var known in _names)
            {
                var rank = known.UntilNs <= bornNs ? 0 : 1 + (known.FromNs <= bornNs ? 2 : 0) + (known.Pid == pid && pid != 0 ? 1 : 0);
                if (rank > 0 && rank >= bestRank)
                {
                    (best, bestRank) = (known.Name, rank);
                }
            }

            return best;
        }
    }
}
