using System.Text;
using CommunityToolkit.HighPerformance.Buffers;

namespace EbpfActors.Probes.Net.Http;

/// <summary>
/// Joins the records of requests and responses into exchanges, in the order of each connection. Holds what is under way and
/// nothing else; bounded in connections and in requests a connection. Not thread-safe, except its counters.
/// </summary>
internal sealed class HttpTracker(ProcessNames names, int pathLength, int maxConnections)
{
    /// <summary>Pipelined requests that wait for their answers, at most; clients that pipeline send far fewer.</summary>
    private const int MaxWaiting = 256;

    private const int MaxLine = 4352;

    private readonly Dictionary<ulong, List<PendingExchange>> _connections = [];
    private readonly Stack<List<PendingExchange>> _spare = [];
    private readonly HashSet<(ulong Conn, uint Message)> _heads = [];
    private readonly StringPool _strings = new(4096);

    private long _unanswered;
    private long _unasked;
    private long _tooMany;

    /// <summary>Connections with an exchange under way.</summary>
    public int Count => _connections.Count;

    /// <summary>Requests whose connection ended, or went on, without their answer; and answers to what was asked before the agent started.</summary>
    public IReadOnlyList<ProbeLoss> LeftOut() => Reasons(("http-unanswered", _unanswered), ("http-unasked", _unasked));

    /// <summary>Requests that were not tracked because too much was under way.</summary>
    public IReadOnlyList<ProbeLoss> Losses() => Reasons(("http-too-many", _tooMany));

    public void OnLine(in HttpLine line)
    {
        var exchanges = Exchanges(line.Conn, create: true);
        if (exchanges is null)
        {
            _tooMany += line.Offset == 0 ? 1 : 0;
            return;
        }

        var last = exchanges.Count > 0 ? exchanges[^1] : null;
        if (last is null || last.Message != line.Message)
        {
            if (exchanges.Count >= MaxWaiting)
            {
                _tooMany++;
                return;
            }

            last?.EndRequest(line.Pos);
            last = new PendingExchange(line.Message, line.Pos, line.BegunNs, line.Flags);
            exchanges.Add(last);
        }

        ReadOnlySpan<byte> bytes = line.Bytes;
        Read(last, bytes[..Math.Min((int)line.Length, bytes.Length)], line.Offset, (line.Flags & HttpFlags.Complete) != 0);
    }

    public void OnHead(in HttpHead head, INetSink sink)
    {
        if (Answered(head.Conn, head.Message) is not { } exchange)
        {
            _unasked++;
            return;
        }

        // A response whose end was not found ends where the next one begins.
        if (Find(_connections[head.Conn], head.Message - 1) is { IsAnswered: true } before)
        {
            before.EndResponse(head.Pos);
            Settle(head.Conn, before, sink);
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
    public void OnClosed(ulong conn, ulong sent, ulong received, INetSink sink)
    {
        if (!_connections.Remove(conn, out var exchanges))
        {
            return;
        }

        for (var i = 0; i < exchanges.Count; i++)
        {
            var exchange = exchanges[i];
            _heads.Remove((conn, exchange.Message));
            if (!exchange.IsAnswered)
            {
                _unanswered++;
                continue;
            }

            exchange.EndWith(sent, received);
            exchange.Report(sink);
        }

        exchanges.Clear();
        _spare.Push(exchanges);
    }

    /// <summary>The connection will not be known: so many of its exchanges were answered, the others were not.</summary>
    public void Forget(ulong conn, int answered)
    {
        if (_connections.Remove(conn, out var exchanges))
        {
            _unanswered += Math.Max(0, exchanges.Count - answered);
            exchanges.ForEach(exchange => _heads.Remove((conn, exchange.Message)));
            exchanges.Clear();
            _spare.Push(exchanges);
        }
    }

    /// <summary>Reports every exchange whose response head was seen and which is not over.</summary>
    public void Sweep(INetSink sink)
    {
        foreach (var (conn, message) in _heads)
        {
            if (_connections.TryGetValue(conn, out var exchanges) && Find(exchanges, message) is { } exchange)
            {
                exchange.Report(sink);
            }
        }
    }

    private List<PendingExchange>? Exchanges(ulong conn, bool create)
    {
        if (_connections.TryGetValue(conn, out var exchanges) || !create || _connections.Count >= maxConnections)
        {
            return exchanges;
        }

        exchanges = _spare.Count > 0 ? _spare.Pop() : [];
        _connections.Add(conn, exchanges);
        return exchanges;
    }

    /// <summary>The exchange that this message answers; older ones of the connection will not be answered any more.</summary>
    private PendingExchange? Answered(ulong conn, uint message)
    {
        if (Exchanges(conn, create: false) is not { } exchanges)
        {
            return null;
        }

        while (exchanges.Count > 0 && exchanges[0].Message < message && !exchanges[0].IsAnswered)
        {
            _unanswered++;
            exchanges.RemoveAt(0);
        }

        return Find(exchanges, message);
    }

    private static PendingExchange? Find(List<PendingExchange> exchanges, uint message)
    {
        foreach (var exchange in exchanges)
        {
            if (exchange.Message == message)
            {
                return exchange;
            }
        }

        return null;
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
        var exchanges = _connections[conn];
        exchanges.Remove(exchange);
        if (exchanges.Count == 0)
        {
            _connections.Remove(conn);
            _spare.Push(exchanges);
        }
    }

    private void Read(PendingExchange exchange, ReadOnlySpan<byte> bytes, uint offset, bool isWhole)
    {
        if (offset == 0 && isWhole)
        {
            Name(exchange, bytes, isWhole);
            return;
        }

        exchange.Line ??= new MemoryStream(bytes.Length * 2);
        if (exchange.Line.Length + bytes.Length <= MaxLine && offset == exchange.Line.Length)
        {
            exchange.Line.Write(bytes);
        }

        if (isWhole)
        {
            var line = exchange.Line.GetBuffer().AsSpan(0, (int)exchange.Line.Length);
            Name(exchange, line, isWhole: offset + bytes.Length == line.Length);
            exchange.Line = null;
        }
    }

    private void Name(PendingExchange exchange, ReadOnlySpan<byte> bytes, bool isWhole)
    {
        var line = RequestLine.Parse(bytes, isWhole, pathLength);
        exchange.Method = _strings.GetOrAdd(line.Method, Encoding.UTF8);
        exchange.Path = _strings.GetOrAdd(line.Path, Encoding.UTF8);
        exchange.IsTruncated = line.IsTruncated;
    }

    private static List<ProbeLoss> Reasons(params ReadOnlySpan<(string Reason, long Count)> counts)
    {
        var losses = new List<ProbeLoss>();
        foreach (var (reason, count) in counts)
        {
            if (count > 0)
            {
                losses.Add(new ProbeLoss(reason, count, 0));
            }
        }

        return losses;
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
        names.Name(head.Tgid, head.Comm));
}
