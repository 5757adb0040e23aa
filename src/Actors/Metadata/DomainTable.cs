using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Metadata;

/// <summary>
/// Knows by which names addresses were asked for, per network namespace, for as long as their records said. Bounded: the address
/// that was not used for longest makes room. Belongs to the reader's thread, which asks it when a record becomes a key.
/// </summary>
public sealed class DomainTable(DomainTableOptions options)
{
    /// <summary>Pairs of name and process that an address may have on average; a busy one has up to <see cref="DomainNames.Most"/>.</summary>
    private const int NamesPerAddress = 8;

    private readonly Dictionary<(uint NetNamespace, IpAddress Address), LinkedListNode<DomainNames>> _entries = [];
    private readonly LinkedList<DomainNames> _byUse = [];
    private readonly long _mostNames = Math.Max(DomainNames.Most, (long)options.MaxAddresses * NamesPerAddress);
    private long _names;
    private ulong _newestNs;

    /// <summary>Addresses with a name.</summary>
    public int Count => _entries.Count;

    public int Size => options.MaxAddresses;

    /// <summary>Addresses that had to make room.</summary>
    public long Evicted { get; private set; }

    /// <summary>Names that had to make room, by themselves or with their address, while they were good.</summary>
    public long NamesEvicted { get; private set; }

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

            node = _byUse.AddFirst(new DomainNames(key));
            _entries.Add(key, node);
        }
        else
        {
            Use(node);
        }

        Learn(node.Value, seen);
        while (_names > _mostNames)
        {
            Evict();
        }
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
        return node.Value.Find(flow.Pid, flow.BornNs == 0 ? _newestNs : flow.BornNs, _newestNs);
    }

    private void Learn(DomainNames names, in DomainObservation seen)
    {
        // A connection that began while a name was good has it for life; one that did not speak for so long is taken to be over.
        var overNs = _newestNs - Math.Min(_newestNs, Lifetime(options.MaxTimeToLive));
        var before = names.Count;
        NamesEvicted += names.Learn(seen, seen.AtNs + Lifetime(seen.TimeToLive), _newestNs, overNs) ? 0 : 1;
        _names += names.Count - before;
    }

    private ulong Lifetime(TimeSpan timeToLive) =>
        (ulong)Math.Clamp(timeToLive.Ticks, options.MinTimeToLive.Ticks, options.MaxTimeToLive.Ticks) * TimeSpan.NanosecondsPerTick;

    private void Use(LinkedListNode<DomainNames> node)
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
        _names -= last.Value.Count;
        Evicted++;
        NamesEvicted += last.Value.Good(_newestNs);
    }
}
