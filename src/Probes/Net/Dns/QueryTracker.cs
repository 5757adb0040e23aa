namespace EbpfActors.Probes.Net.Dns;

/// <summary>What an answer is to the queries that were seen.</summary>
internal enum AnswerKind
{
    /// <summary>The first one in time.</summary>
    Answer,

    /// <summary>Its query has timed out.</summary>
    Late,

    /// <summary>Its query has been answered, after it was asked more than once.</summary>
    Duplicate,

    /// <summary>Nobody asked.</summary>
    Unasked,
}

/// <summary>
/// Joins answers to queries by addresses, ports, id and question. Each query ends once: answered, or timed out after
/// <paramref name="timeout"/>. Time is what the packets say, so that it does not matter when they are looked at. Not thread-safe.
/// </summary>
internal sealed class QueryTracker(TimeSpan timeout, int capacity)
{
    /// <summary>For so many timeouts a query that is over is remembered, so that a late answer is known for one.</summary>
    private const ulong RememberedFor = 5;

    private readonly QueryTable _table = new(capacity);
    private readonly ulong _timeoutNs = (ulong)timeout.TotalNanoseconds;

    /// <summary>Queries that wait for their answers.</summary>
    internal int Waiting => _table.Waiting;

    internal int Capacity => capacity;

    internal long Retries { get; private set; }

    internal long Late { get; private set; }

    internal long Duplicates { get; private set; }

    /// <summary>Queries that were not tracked because too many waited.</summary>
    internal long TooMany { get; private set; }

    /// <summary>When the oldest query times out; null when none waits.</summary>
    internal ulong? NextTimeoutNs => _table.OldestWaiting is var place and not QueryTable.None ? _table[place].AtNs + _timeoutNs : null;

    internal void Ask(in Query query)
    {
        var place = _table.Find(query.Key, query.Question);
        if (place != QueryTable.None && !_table[place].IsOver && query.AtNs < _table[place].AtNs + _timeoutNs)
        {
            _table[place].Retries++;
            Retries++;
            return;
        }

        TooMany += _table.Add(query) ? 0 : 1;
    }

    /// <summary>
    /// Whose answer this is; <paramref name="query"/> is meaningful unless nobody asked. An answer that is late is so even
    /// when <see cref="Expire"/> has not come by: then it stays to it to report the query.
    /// </summary>
    internal AnswerKind Answer(in QueryKey key, ulong question, ulong atNs, out Query query)
    {
        var place = _table.Find(key, question);
        if (place == QueryTable.None)
        {
            query = default;
            return AnswerKind.Unasked;
        }

        query = _table[place];
        if (query.IsAnswered)
        {
            Duplicates++;
            return AnswerKind.Duplicate;
        }

        if (query.IsOver || atNs >= query.AtNs + _timeoutNs)
        {
            Late++;
            return AnswerKind.Late;
        }

        if (query.Retries > 0)
        {
            _table.End(place, isAnswered: true);
        }
        else
        {
            _table.Remove(place);
        }

        return AnswerKind.Answer;
    }

    /// <summary>Takes the next query that has timed out by now; false when there is none.</summary>
    internal bool Expire(ulong nowNs, out Query query)
    {
        Forget(nowNs);
        var place = _table.OldestWaiting;
        if (place == QueryTable.None || nowNs < _table[place].AtNs + _timeoutNs)
        {
            query = default;
            return false;
        }

        query = _table[place];
        _table.End(place, isAnswered: false);
        return true;
    }

    private void Forget(ulong nowNs)
    {
        for (var place = _table.OldestOver; place != QueryTable.None && nowNs >= _table[place].AtNs + (RememberedFor * _timeoutNs); place = _table.OldestOver)
        {
            _table.Remove(place);
        }
    }
}
