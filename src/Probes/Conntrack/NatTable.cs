using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// The translated connections of all network namespaces, by the tuple that their client sees. An ended one stays for a while:
/// the last record of its flow comes after the kernel has forgotten it. Bounded; not thread-safe.
/// </summary>
internal sealed class NatTable(int capacity, TimeSpan linger, TimeProvider time)
{
    private const int MostSinceDump = 1 << 18;

    private readonly Dictionary<(NatTuple Tuple, uint NetNs), Entry> _entries = [];

    /// <summary>Which namespaces know a tuple.</summary>
    private readonly Dictionary<NatTuple, Namespaces> _namespaces = [];
    private readonly Queue<(NatTuple Tuple, uint NetNs, long Until)> _ended = new();

    /// <summary>Of the namespace that is being dumped: what news have come of since. They are newer than the dump.</summary>
    private readonly HashSet<NatTuple> _sinceDump = [];
    private uint? _dumped;
    private uint _dump;

    public int Count => _entries.Count;

    public int Capacity => capacity;

    /// <summary>Translated connections that found no room.</summary>
    public long Refused { get; private set; }

    /// <summary>Look-ups to which several namespaces had different answers, none of them the connection's own.</summary>
    public long Ambiguous { get; private set; }

    /// <summary>News: the connection has begun, or is translated differently.</summary>
    public void Add(in NatTuple tuple, uint netNs, NatTarget target)
    {
        NoteNews(tuple, netNs);
        Enter(tuple, netNs, target);
    }

    private void Enter(in NatTuple tuple, uint netNs, NatTarget target)
    {
        DropEnded(time.GetTimestamp());
        if (_entries.Count >= capacity && !_entries.ContainsKey((tuple, netNs)) && !DropOldestEnded())
        {
            Refused++;
            return;
        }

        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, (tuple, netNs), out var isKnown);
        entry = new Entry(target, Until: 0, EndedNs: ulong.MaxValue, _dump);
        if (!isKnown)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_namespaces, tuple, out _).Add(netNs);
        }
    }

    /// <summary>News: the connection has ended; a later one with the same tuple replaces it.</summary>
    /// <param name="tuple">As its client made it.</param>
    /// <param name="netNs">Where it was translated.</param>
    /// <param name="atNs">When, by CLOCK_MONOTONIC; null for now.</param>
    public void End(in NatTuple tuple, uint netNs, ulong? atNs = null)
    {
        NoteNews(tuple, netNs);
        MarkEnded(tuple, netNs, atNs);
    }

    private void MarkEnded(in NatTuple tuple, uint netNs, ulong? atNs = null)
    {
        var now = time.GetTimestamp();
        ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, (tuple, netNs));
        if (!Unsafe.IsNullRef(ref entry))
        {
            var until = now + (long)(linger.TotalSeconds * time.TimestampFrequency);
            entry = entry with { Until = until, EndedNs = atNs ?? KernelClock.NowNs };
            _ended.Enqueue((tuple, netNs, until));
        }

        DropEnded(now);
    }

    /// <summary>A dump of the namespace begins. News go on meanwhile, and count more than what it says.</summary>
    public void BeginDump(uint netNs)
    {
        _dump++;
        _dumped = netNs;
        _sinceDump.Clear();
    }

    /// <summary>The dump says that there is this connection.</summary>
    public void AddDumped(in NatTuple tuple, NatTarget target)
    {
        if (_dumped is { } netNs && !_sinceDump.Contains(tuple))
        {
            Enter(tuple, netNs, target);
        }
    }

    /// <summary>What of the namespace neither the dump nor news have told of has ended.</summary>
    public void EndDump()
    {
        foreach (var ((tuple, space), _) in _entries.Where(e => e.Key.NetNs == _dumped && e.Value.Until == 0 && e.Value.Dump != _dump).ToList())
        {
            MarkEnded(tuple, space);
        }

        LeaveDump();
    }

    /// <summary>The dump came to nothing.</summary>
    public void LeaveDump()
    {
        _dumped = null;
        _sinceDump.Clear();
        _sinceDump.TrimExcess();
    }

    /// <summary>These namespaces have gone.</summary>
    public void EndAll(Predicate<uint> isGone)
    {
        foreach (var ((tuple, space), _) in _entries.Where(e => e.Value.Until == 0 && isGone(e.Key.NetNs)).ToList())
        {
            MarkEnded(tuple, space);
        }
    }

    /// <summary>
    /// What the connection's own namespace says; or else what the others say, if they agree: a pod's connection is translated
    /// in the host's namespace, which the pod's does not know. Not of an entry that had ended when the connection began.
    /// </summary>
    /// <param name="tuple">As its client made it.</param>
    /// <param name="netNs">The connection's own.</param>
    /// <param name="bornNs">When it began, by CLOCK_MONOTONIC; 0 where that is not known.</param>
    public NatTarget Find(in NatTuple tuple, uint netNs, ulong bornNs = 0)
    {
        if (!_namespaces.TryGetValue(tuple, out var spaces))
        {
            return default;
        }

        if (_entries.TryGetValue((tuple, netNs), out var own) && own.EndedNs >= bornNs)
        {
            return own.Target;
        }

        var found = TargetIn(spaces.First, tuple, bornNs);
        foreach (var other in spaces.Others)
        {
            var target = TargetIn(other, tuple, bornNs);
            if (target.IsKnown && found.IsKnown && target != found)
            {
                Ambiguous++;
                return default;
            }

            found = found.IsKnown ? found : target;
        }

        return found;
    }

    private NatTarget TargetIn(uint netNs, in NatTuple tuple, ulong bornNs) =>
        _entries[(tuple, netNs)] is var entry && entry.EndedNs >= bornNs ? entry.Target : default;

    /// <summary>Bounded: what came beyond, in the milliseconds of a dump, may stand in the table for longer than it lives.</summary>
    private void NoteNews(in NatTuple tuple, uint netNs)
    {
        if (netNs == _dumped && _sinceDump.Count < MostSinceDump)
        {
            _sinceDump.Add(tuple);
        }
    }

    private void DropEnded(long now)
    {
        while (_ended.TryPeek(out var first) && first.Until <= now)
        {
            DropOldestEnded();
        }
    }

    /// <summary>True when that made room. One that began anew is not ended, and one that ended again comes later in the queue.</summary>
    private bool DropOldestEnded()
    {
        while (_ended.TryDequeue(out var oldest))
        {
            if (_entries.TryGetValue((oldest.Tuple, oldest.NetNs), out var entry) && entry.Until == oldest.Until)
            {
                Remove(oldest.Tuple, oldest.NetNs);
                return true;
            }
        }

        return false;
    }

    private void Remove(in NatTuple tuple, uint netNs)
    {
        _entries.Remove((tuple, netNs));
        if (CollectionsMarshal.GetValueRefOrNullRef(_namespaces, tuple).TakeOut(netNs))
        {
            _namespaces.Remove(tuple);
        }
    }

    /// <summary>Almost always one.</summary>
    private struct Namespaces
    {
        private List<uint>? _others;

        public uint First { get; private set; }

        public readonly IReadOnlyList<uint> Others => _others ?? [];

        public void Add(uint netNs)
        {
            if (First == 0)
            {
                First = netNs;
            }
            else
            {
                (_others ??= []).Add(netNs);
            }
        }

        /// <summary>Takes it out; true when none is left.</summary>
        public bool TakeOut(uint netNs)
        {
            if (_others?.Remove(netNs) != true)
            {
                First = _others is [.., var last] ? last : 0;
                _others?.Remove(First);
            }

            return First == 0;
        }
    }

    private readonly record struct Entry(NatTarget Target, long Until, ulong EndedNs, uint Dump);
}
