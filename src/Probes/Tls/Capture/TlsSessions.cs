using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>
/// Ties the HTTP records of TLS sessions to their connections on the way to the tracker. A response whose session has no
/// connection yet waits for it; how many wait, and for how long, is bounded. Not thread-safe, except its counters.
/// </summary>
internal sealed class TlsSessions(HttpTracker tracker, int maxSessions, TimeProvider time)
{
    /// <summary>Records of one session that wait for its connection; as a rule there is one.</summary>
    private const int MaxHeld = 128;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A server's session may be known by its answer only, and a client may wait long for that.</summary>
    private static readonly TimeSpan PatienceWithRequests = TimeSpan.FromHours(1);

    private readonly Dictionary<ulong, Session> _sessions = [];
    private readonly Dictionary<ulong, List<ulong>> _sessionsOfConn = [];
    private readonly Queue<(ulong Session, ulong Conn, uint Sweep)> _closed = [];
    private uint _sweep;
    private long _noJoin;

    /// <summary>Sessions that speak HTTP and are not known to be over.</summary>
    public int Count => _sessions.Count;

    /// <summary>Exchanges that no connection could be found for.</summary>
    public long NoJoin => Interlocked.Read(ref _noJoin);

    /// <summary>Takes a record that is about a TLS session, told by its size and flag; false for any other.</summary>
    public bool TryConsume(ReadOnlySpan<byte> record, INetSink sink)
    {
        if (HttpExchangeRecord.IsSize(record.Length) && Is(MemoryMarshal.AsRef<HttpExchangeRecord>(record).Head.Flags))
        {
            OnExchange(MemoryMarshal.AsRef<HttpExchangeRecord>(record), record[Unsafe.SizeOf<HttpExchangeRecord>()..], sink);
        }
        else if (record.Length == Unsafe.SizeOf<HttpLine>() && Is(MemoryMarshal.AsRef<HttpLine>(record).Flags))
        {
            OnLine(MemoryMarshal.AsRef<HttpLine>(record));
        }
        else if (record.Length == Unsafe.SizeOf<HttpHead>() && Is(MemoryMarshal.AsRef<HttpHead>(record).Flags))
        {
            OnHead(MemoryMarshal.AsRef<HttpHead>(record), sink);
        }
        else if (record.Length == Unsafe.SizeOf<HttpEnd>() && Is(MemoryMarshal.AsRef<HttpEnd>(record).Flags))
        {
            OnEnd(MemoryMarshal.AsRef<HttpEnd>(record), sink);
        }
        else if (record.Length == Unsafe.SizeOf<TlsJoin>())
        {
            OnJoin(MemoryMarshal.AsRef<TlsJoin>(record), sink);
        }
        else if (record.Length == Unsafe.SizeOf<TlsEnd>())
        {
            OnEnd(MemoryMarshal.AsRef<TlsEnd>(record), sink);
        }
        else
        {
            return false;
        }

        return true;
    }

    public void OnLine(in HttpLine line)
    {
        if (Touch(line.Conn) is not null)
        {
            tracker.OnLine(line);
        }
    }

    public void OnHead(in HttpHead head, INetSink sink)
    {
        if (Touch(head.Conn) is not { } session)
        {
            Interlocked.Increment(ref _noJoin);
        }
        else if (session.Join is { } join)
        {
            tracker.OnHead(Named(head, join), sink);
        }
        else if (session.Held.Count < MaxHeld)
        {
            session.Held.Add((head, null));
        }
        else
        {
            GiveUp(head.Conn, session, answered: session.Held.Count(IsHead) + 1);
        }
    }

    /// <summary>An exchange in one record: the kernel writes it for sessions whose connection it knows.</summary>
    public void OnExchange(in HttpExchangeRecord record, ReadOnlySpan<byte> line, INetSink sink)
    {
        if (_sessions.TryGetValue(record.Head.Conn, out var session) && session.Join is { } join)
        {
            session.TouchedAt = time.GetTimestamp();
            tracker.OnExchange(record with { Head = Named(record.Head, join) }, line, sink);
            return;
        }

        // The record that ties it to its connection is behind it in the ring, or was lost.
        OnLine(Line(record, line));
        OnHead(record.Head, sink);
    }

    public void OnEnd(in HttpEnd end, INetSink sink)
    {
        if (!_sessions.TryGetValue(end.Conn, out var session) || session.Held.Count == 0)
        {
            tracker.OnEnd(end, sink);
        }
        else if (session.Held.Count < MaxHeld)
        {
            session.Held.Add((null, end));
        }
    }

    public void OnJoin(in TlsJoin join, INetSink sink)
    {
        if (Touch(join.Session) is not { } session)
        {
            return;
        }

        Leave(join.Session, session);
        session.Join = join;
        ref var sessions = ref CollectionsMarshal.GetValueRefOrAddDefault(_sessionsOfConn, join.Conn, out _);
        (sessions ??= new List<ulong>(1)).Add(join.Session);
        foreach (var (head, end) in session.Held)
        {
            if (head is { } answer)
            {
                tracker.OnHead(Named(answer, join), sink);
            }
            else
            {
                tracker.OnEnd(end!.Value, sink);
            }
        }

        session.Held.Clear();
    }

    /// <summary>The object was freed: what was open ended with it.</summary>
    public void OnEnd(in TlsEnd end, INetSink sink)
    {
        if (_sessions.TryGetValue(end.Session, out var session))
        {
            Finish(end.Session, session, end.Written, end.Read, sink);
        }
    }

    /// <summary>The socket is closed. What it had received may still be read for a moment; a process that was killed frees nothing.</summary>
    public void OnClosed(ulong conn)
    {
        if (_sessionsOfConn.TryGetValue(conn, out var sessions))
        {
            sessions.ForEach(session => _closed.Enqueue((session, conn, _sweep)));
        }
    }

    /// <summary>After a last record of a connection was lost: those that are over, by what else is known.</summary>
    public void EndLost(Func<ulong, bool> isOver)
    {
        foreach (var conn in _sessionsOfConn.Keys.Where(isOver).ToList())
        {
            OnClosed(conn);
        }
    }

    public void Sweep(INetSink sink)
    {
        _sweep++;
        while (_closed.TryPeek(out var closed) && _sweep - closed.Sweep > 1)
        {
            _closed.Dequeue();
            if (_sessions.TryGetValue(closed.Session, out var session) && session.Join?.Conn == closed.Conn)
            {
                Finish(closed.Session, session, written: 0, read: 0, sink);
            }
        }

        var now = time.GetTimestamp();
        foreach (var (id, session) in _sessions)
        {
            if (session.Join is null && time.GetElapsedTime(session.TouchedAt, now) > (session.Held.Count > 0 ? Patience : PatienceWithRequests))
            {
                GiveUp(id, session, session.Held.Count(IsHead));
                _sessions.Remove(id);
            }
        }
    }

    private void Finish(ulong id, Session session, ulong written, ulong read, INetSink sink)
    {
        _sessions.Remove(id);
        if (session.Join is not null)
        {
            Leave(id, session);
            tracker.OnClosed(new FlowEvent { Id = id, TxBytes = written, RxBytes = read }, sink);
        }
        else
        {
            GiveUp(id, session, session.Held.Count(IsHead));
        }
    }

    /// <summary>It is not on its connection any more, where others may be: one after the other, or one inside the other.</summary>
    private void Leave(ulong id, Session session)
    {
        if (session.Join is { } join && _sessionsOfConn.TryGetValue(join.Conn, out var sessions) && sessions.Remove(id) && sessions.Count == 0)
        {
            _sessionsOfConn.Remove(join.Conn);
        }
    }

    private void GiveUp(ulong id, Session session, int answered)
    {
        Interlocked.Add(ref _noJoin, answered);
        tracker.Forget(id, answered);
        session.Held.Clear();
    }

    private static bool Is(HttpFlags flags) => (flags & HttpFlags.Tls) != 0;

    private static bool IsHead((HttpHead? Head, HttpEnd? End) held) => held.Head is not null;

    /// <summary>Null when too many are under way.</summary>
    private Session? Touch(ulong id)
    {
        if (!_sessions.TryGetValue(id, out var session))
        {
            if (_sessions.Count >= maxSessions)
            {
                return null;
            }

            _sessions.Add(id, session = new Session());
        }

        session.TouchedAt = time.GetTimestamp();
        return session;
    }

    private static HttpLine Line(in HttpExchangeRecord record, ReadOnlySpan<byte> room)
    {
        var line = new HttpLine
        {
            Conn = record.Head.Conn,
            BegunNs = record.RequestNs,
            Pos = record.RequestFrom,
            Message = record.Head.Message,
            Length = record.Length,
            Flags = record.Flags | HttpFlags.Tls,
        };
        room[..Math.Min(room.Length, HttpExchangeRecord.LongLine)].CopyTo(line.Bytes);
        return line;
    }

    private static HttpHead Named(HttpHead head, in TlsJoin join)
    {
        head.Saddr = join.Saddr;
        head.Daddr = join.Daddr;
        head.Sport = join.Sport;
        head.Dport = join.Dport;
        head.Netns = join.Netns;
        head.Direction = join.Direction;
        head.Tgid = join.Tgid;
        head.Comm = join.Comm;
        return head;
    }

    private sealed class Session
    {
        public TlsJoin? Join { get; set; }

        public List<(HttpHead? Head, HttpEnd? End)> Held { get; } = [];

        public long TouchedAt { get; set; }
    }
}
