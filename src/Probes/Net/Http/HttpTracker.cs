namespace EbpfActors.Probes.Net.Http;

/// <summary>
/// Joins the records of requests and responses into exchanges, in the order of each connection. Holds what is under way and
/// nothing else; bounded in connections and in requests a connection. Not thread-safe, except its counters.
/// </summary>
internal sealed class HttpTracker(ProcessNames names, int pathLength, int maxConnections)
{
    private const int MaxLine = 4352;

    private const HttpFlags Over = HttpFlags.Complete | HttpFlags.RequestOver;

    private readonly PendingConnections _connections = new(maxConnections);
    private readonly HashSet<(ulong Conn, uint Message)> _heads = [];
    private readonly RequestLines _lines = new(pathLength);

    private long _unanswered;
    private long _unasked;
    private long _tooMany;

    /// <summary>Connections with an exchange under way.</summary>
    public int Count => _connections.Count;

    /// <summary>
    /// Requests whose connection ended, or went on, without their answer, and answers to what was asked before the agent started.
    /// </summary>
    public IReadOnlyList<ProbeLoss> LeftOut() =>
        ProbeLoss.Of(("http-unanswered", _unanswered), ("http-unasked", _unasked));

    /// <summary>Requests that were not tracked because too much was under way.</summary>
    public IReadOnlyList<ProbeLoss> Losses() => ProbeLoss.Of(("http-too-many", _tooMany));

    public void OnLine(in HttpLine line)
    {
        if (_connections.Ask(line.Conn, line.Message, line.Pos, line.BegunNs, line.Flags) is { } exchange)
        {
            ReadOnlySpan<byte> bytes = line.Bytes;
            Read(exchange, bytes[..Math.Min((int)line.Length, bytes.Length)], line.Offset, (line.Flags & HttpFlags.Complete) != 0);
        }
        else if (line.Offset == 0)
        {
            _tooMany++;
        }
    }

    /// <summary>An exchange in one record; what follows it is the request's start line and what its room has left over.</summary>
    public void OnExchange(in HttpExchangeRecord record, ReadOnlySpan<byte> room, INetSink sink)
    {
        ref readonly var head = ref record.Head;
        var name = _lines.Read(room[..Math.Min((int)record.Length, room.Length)], (record.Flags & HttpFlags.Complete) != 0);
        if ((head.Flags & Over) == Over && _connections.Find(head.Conn) is null)
        {
            sink.Http(Whole(record, name));
        }
        else if (_connections.Ask(head.Conn, head.Message, record.RequestFrom, record.RequestNs, head.Flags) is { } exchange)
        {
            exchange.Name = name;
            OnHead(head, sink);
        }
        else
        {
            _tooMany++;
        }
    }

    public void OnHead(in HttpHead head, INetSink sink)
    {
        EndOlder(head, sink);
        if (Answered(head.Conn, head.Message) is not { } exchange)
        {
            _unasked++;
            return;
        }

        exchange.Answer(head, Identify(head));
        if ((head.Flags & HttpFlags.RequestOver) != 0)
        {
            exchange.EndRequest(head.RequestPos);
        }

        Settle(head.Conn, exchange, sink);
    }

    public void OnEnd(in HttpEnd end, INetSink sink)
    {
        if (Answered(end.Conn, end.Message) is not { IsAnswered: true } exchange)
        {
            return;
        }

        exchange.EndResponse(end.End);
        if ((end.Flags & HttpFlags.RequestOver) != 0)
        {
            exchange.EndRequest(end.RequestPos);
        }

        Settle(end.Conn, exchange, sink);
    }

    /// <summary>The connection is closed: what was open ended with it.</summary>
    public void OnClosed(in FlowEvent closed, INetSink sink)
    {
        _unanswered += closed.IsUnanswered ? 1 : 0;
        End(closed.Id, (closed.TxBytes, closed.RxBytes), sink);
    }

    /// <param name="conn">Its number.</param>
    /// <param name="counted">Bytes of the whole connection; null when nobody told.</param>
    /// <param name="sink">For what was answered.</param>
    private void End(ulong conn, (ulong Sent, ulong Received)? counted, INetSink sink)
    {
        if (_connections.Find(conn) is not { } exchanges)
        {
            return;
        }

        foreach (var exchange in exchanges)
        {
            _heads.Remove((conn, exchange.Message));
            if (!exchange.IsAnswered)
            {
                _unanswered++;
                continue;
            }

            if (counted is { } bytes)
            {
                exchange.EndWith(bytes.Sent, bytes.Received);
            }
            else
            {
                exchange.EndAsKnown(null);
            }

            exchange.Report(sink);
        }

        _connections.Remove(conn);
    }

    /// <summary>After a last record of a connection was lost: those that are over, by what else is known, end as far as they were seen.</summary>
    public void EndLost(Func<ulong, bool> isOver, INetSink sink)
    {
        foreach (var conn in _connections.Connections.Where(isOver).ToList())
        {
            End(conn, counted: null, sink);
        }
    }

    /// <summary>The connection will not be known: so many of its exchanges were answered, the others were not.</summary>
    public void Forget(ulong conn, int answered)
    {
        if (_connections.Find(conn) is { } exchanges)
        {
            _unanswered += Math.Max(0, exchanges.Count - answered);
            exchanges.ForEach(exchange => _heads.Remove((conn, exchange.Message)));
            _connections.Remove(conn);
        }
    }

    /// <summary>Reports every exchange whose response head was seen and which is not over.</summary>
    public void Sweep(INetSink sink)
    {
        foreach (var (conn, message) in _heads)
        {
            _connections.Find(conn, message)?.Report(sink);
        }
    }

    private HttpExchange Whole(in HttpExchangeRecord record, RequestName name)
    {
        ref readonly var head = ref record.Head;
        var isServer = (Direction)head.Direction == Direction.Incoming;
        var request = head.RequestPos - record.RequestFrom;
        var response = head.End - head.Pos;
        return new HttpExchange(
            Identify(head),
            name.Method,
            name.Path,
            name.IsTruncated,
            Version(head.Minor),
            head.Status,
            Count: 1,
            BytesRead: isServer ? request : response,
            BytesWritten: isServer ? response : request,
            LatencyNs: head.BegunNs > record.RequestNs ? head.BegunNs - record.RequestNs : 0);
    }

    internal static string Version(byte minor) => minor == '0' ? "1.0" : "1.1";

    /// <summary>A response begins: those before it are over, if nobody said so where it begins, or as far as they are known.</summary>
    private void EndOlder(in HttpHead head, INetSink sink)
    {
        if (_connections.Find(head.Conn) is not { } exchanges)
        {
            return;
        }

        for (var i = exchanges.Count - 1; i >= 0; i--)
        {
            if (exchanges[i] is { IsAnswered: true } older && older.Message < head.Message)
            {
                older.EndAsKnown(older.Message == head.Message - 1 ? head.Pos : null);
                Settle(head.Conn, older, sink);
            }
        }
    }

    /// <summary>The exchange that this message answers; older ones of the connection will not be answered any more.</summary>
    private PendingExchange? Answered(ulong conn, uint message)
    {
        if (_connections.Find(conn) is not { } exchanges)
        {
            return null;
        }

        while (exchanges.Count > 0 && exchanges[0].Message < message && !exchanges[0].IsAnswered)
        {
            _unanswered++;
            exchanges.RemoveAt(0);
        }

        return _connections.Find(conn, message);
    }

    private void Settle(ulong conn, PendingExchange exchange, INetSink sink)
    {
        if (!exchange.IsOver)
        {
            _heads.Add((conn, exchange.Message));
            return;
        }

        exchange.Report(sink);
        _heads.Remove((conn, exchange.Message));
        _connections.Remove(conn, exchange);
    }

    private void Read(PendingExchange exchange, ReadOnlySpan<byte> bytes, uint offset, bool isWhole)
    {
        if (offset == 0 && isWhole)
        {
            exchange.Name = _lines.Read(bytes, isWhole);
            return;
        }

        exchange.Line ??= new MemoryStream(bytes.Length * 2);
        if (offset == 0)
        {
            exchange.Line.SetLength(0); // what came before was no request's line
        }

        if (exchange.Line.Length + bytes.Length <= MaxLine && offset == exchange.Line.Length)
        {
            exchange.Line.Write(bytes);
        }

        if (isWhole)
        {
            var line = exchange.Line.GetBuffer().AsSpan(0, (int)exchange.Line.Length);
            exchange.Name = _lines.Read(line, isWhole: offset + bytes.Length == line.Length);
            exchange.Line = null;
        }
    }

    private FlowIdentity Identify(in HttpHead head) => new(
        IpAddress.Read(head.Saddr),
        IpAddress.Read(head.Daddr),
        head.Sport,
        head.Dport,
        Transport.Tcp,
        (Direction)head.Direction,
        head.Tgid,
        head.Netns,
        names.Name(head.Tgid, head.Comm))
    {
        BornNs = FlowEvent.BornNs(head.Conn, head.BegunNs),
    };
}
