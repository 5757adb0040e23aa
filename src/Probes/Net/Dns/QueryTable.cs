using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>Between whom a query went, and its id. What differs between two queries that are under way.</summary>
internal readonly record struct QueryKey(
    IpAddress Local,
    IpAddress Remote,
    ushort LocalPort,
    ushort RemotePort,
    uint NetNamespace,
    ushort Id,
    Transport Transport,
    bool IsServer)
{
    public override int GetHashCode() => SeededHash.Of(
        Local, Remote, ((ulong)LocalPort << 48) | ((ulong)RemotePort << 32) | ((ulong)Id << 16) | ((ulong)Transport << 8) | (IsServer ? 1u : 0));
}

/// <summary>One query that the table holds.</summary>
internal struct Query
{
    internal QueryKey Key;
    internal ulong Question;
    internal ulong AtNs;
    internal string Name;
    internal uint Tgid;
    internal uint Retries;
    internal ushort Type;

    /// <summary>It was reported; it is kept for the answers that may still come.</summary>
    internal bool IsOver;

    /// <summary>It was answered; only when it is over.</summary>
    internal bool IsAnswered;

    // Places in the table: of the next query with the same key, and of the neighbours in the order of age.
    internal int Same;
    internal int Older;
    internal int Newer;
}

/// <summary>
/// Queries by key, and in two rows by age: those that wait for their answers, and those that are over. Grows up to its
/// capacity; then what is over makes room. Not thread-safe.
/// </summary>
internal sealed class QueryTable(int capacity)
{
    internal const int None = -1;

    private readonly Dictionary<QueryKey, int> _first = [];
    private Query[] _queries = new Query[16];
    private int _used;
    private int _free = None;
    private Row _waiting = Row.Empty;
    private Row _over = Row.Empty;

    /// <summary>Ends of a row; queries enter at its new end.</summary>
    private struct Row
    {
        internal static readonly Row Empty = new() { Oldest = None, Newest = None };

        internal int Oldest;
        internal int Newest;
        internal int Count;
    }

    /// <summary>Queries that wait for their answers.</summary>
    internal int Waiting => _waiting.Count;

    /// <summary>The place of the oldest one that waits, <see cref="None"/> without one.</summary>
    internal int OldestWaiting => _waiting.Oldest;

    /// <summary>The place of the one that has been over for longest, <see cref="None"/> without one.</summary>
    internal int OldestOver => _over.Oldest;

    internal ref Query this[int place] => ref _queries[place];

    /// <summary>The place of a query with this key and question; question 0 stands for any, then one that waits goes first.</summary>
    internal int Find(in QueryKey key, ulong question)
    {
        if (!_first.TryGetValue(key, out var place))
        {
            return None;
        }

        var found = None;
        for (; place != None; place = _queries[place].Same)
        {
            ref var query = ref _queries[place];
            if (query.Question == question || (question == 0 && (found == None || !query.IsOver)))
            {
                found = place;
                if (!query.IsOver)
                {
                    break;
                }
            }
        }

        return found;
    }

    /// <summary>Adds a query that waits; false when there is no room.</summary>
    internal bool Add(in Query query)
    {
        if (_waiting.Count + _over.Count >= capacity)
        {
            if (_over.Oldest == None)
            {
                return false;
            }

            Remove(_over.Oldest);
        }

        var place = Place();
        ref var same = ref CollectionsMarshal.GetValueRefOrAddDefault(_first, query.Key, out var known);
        _queries[place] = query;
        _queries[place].Same = known ? same : None;
        same = place;
        Enter(ref _waiting, place);
        return true;
    }

    /// <summary>It was reported, and moves to those that are kept for late answers.</summary>
    internal void End(int place, bool isAnswered)
    {
        Leave(ref _waiting, place);
        _queries[place].IsOver = true;
        _queries[place].IsAnswered = isAnswered;
        Enter(ref _over, place);
    }

    internal void Remove(int place)
    {
        ref var query = ref _queries[place];
        Leave(ref query.IsOver ? ref _over : ref _waiting, place);
        ref var same = ref CollectionsMarshal.GetValueRefOrNullRef(_first, query.Key);
        if (same == place && query.Same == None)
        {
            _first.Remove(query.Key);
        }
        else if (same == place)
        {
            same = query.Same;
        }
        else
        {
            var before = same;
            while (_queries[before].Same != place)
            {
                before = _queries[before].Same;
            }

            _queries[before].Same = query.Same;
        }

        query = new Query { Same = _free };
        _free = place;
    }

    private int Place()
    {
        if (_free != None)
        {
            var place = _free;
            _free = _queries[place].Same;
            return place;
        }

        if (_used == _queries.Length)
        {
            Array.Resize(ref _queries, Math.Min(capacity, _used * 2));
        }

        return _used++;
    }

    private void Enter(ref Row row, int place)
    {
        _queries[place].Older = row.Newest;
        _queries[place].Newer = None;
        if (row.Newest != None)
        {
            _queries[row.Newest].Newer = place;
        }
        else
        {
            row.Oldest = place;
        }

        row.Newest = place;
        row.Count++;
    }

    private void Leave(ref Row row, int place)
    {
        var (older, newer) = (_queries[place].Older, _queries[place].Newer);
        if (older != None)
        {
            _queries[older].Newer = newer;
        }
        else
        {
            row.Oldest = newer;
        }

        if (newer != None)
        {
            _queries[newer].Older = older;
        }
        else
        {
            row.Newest = older;
        }

        row.Count--;
    }
}
