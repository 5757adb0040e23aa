namespace EbpfActors.Probes.Net.Http;

/// <summary>The exchanges that are under way, by connection and in the order of their requests; bounded in both. Not thread-safe.</summary>
internal sealed class PendingConnections(int most)
{
    /// <summary>Pipelined requests that wait for their answers, at most; clients that pipeline send far fewer.</summary>
    private const int MaxWaiting = 256;

    private readonly Dictionary<ulong, List<PendingExchange>> _byConnection = [];
    private readonly Stack<List<PendingExchange>> _spare = [];

    public int Count => _byConnection.Count;

    /// <summary>The connections with something under way, TLS sessions left out.</summary>
    public IEnumerable<ulong> Connections => _byConnection.Where(c => c.Value.Exists(e => !e.IsOfSession)).Select(c => c.Key);

    /// <summary>What is under way on the connection, oldest first; null when nothing is.</summary>
    public List<PendingExchange>? Find(ulong conn) => _byConnection.Count == 0 ? null : _byConnection.GetValueOrDefault(conn);

    public PendingExchange? Find(ulong conn, uint message)
    {
        if (Find(conn) is { } exchanges)
        {
            foreach (var exchange in exchanges)
            {
                if (exchange.Message == message)
                {
                    return exchange;
                }
            }
        }

        return null;
    }

    /// <summary>The exchange that this request opens or goes on with, in its place among those of the connection; null when there is no room.</summary>
    public PendingExchange? Ask(ulong conn, uint message, ulong pos, ulong begunNs, HttpFlags flags)
    {
        if (Open(conn) is not { } exchanges)
        {
            return null;
        }

        // A request that waited in the kernel for its answer comes behind those that were sent after it.
        var at = exchanges.Count;
        while (at > 0 && exchanges[at - 1].Message >= message)
        {
            at--;
        }

        if (at < exchanges.Count && exchanges[at].Message == message)
        {
            return exchanges[at];
        }

        // Only neighbours end where the other begins: one between them may still wait in the kernel.
        if (at > 0 && exchanges[at - 1].Message == message - 1)
        {
            exchanges[at - 1].EndRequest(pos);
        }

        if (exchanges.Count >= MaxWaiting)
        {
            return null;
        }

        var exchange = new PendingExchange(message, pos, begunNs, flags);
        if (at < exchanges.Count && exchanges[at].Message == message + 1)
        {
            exchange.EndRequest(exchanges[at].RequestPos);
        }

        exchanges.Insert(at, exchange);
        return exchange;
    }

    /// <summary>The exchange is over; the last one takes its connection with it.</summary>
    public void Remove(ulong conn, PendingExchange exchange)
    {
        if (Find(conn) is { } exchanges && exchanges.Remove(exchange) && exchanges.Count == 0)
        {
            Remove(conn);
        }
    }

    public void Remove(ulong conn)
    {
        if (_byConnection.Remove(conn, out var exchanges))
        {
            exchanges.Clear();
            _spare.Push(exchanges);
        }
    }

    private List<PendingExchange>? Open(ulong conn)
    {
        if (_byConnection.TryGetValue(conn, out var exchanges) || _byConnection.Count >= most)
        {
            return exchanges;
        }

        exchanges = _spare.Count > 0 ? _spare.Pop() : [];
        _byConnection.Add(conn, exchanges);
        return exchanges;
    }
}
