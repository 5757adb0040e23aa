using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;

namespace EbpfActors.Probes.Tests.Net.Http;

/// <summary>
/// What the kernel side does for one connection, in small: numbers requests, lets one wait for its answer, hands the others out as
/// lines, and forgets records when told to. Each step is drawn; the numbers are the truth that the tracker is held against.
/// </summary>
internal sealed class HttpConnectionScript(ulong conn, HttpTracker tracker, INetSink sink)
{
    private readonly List<(ulong From, ulong Length)> _requests = [];
    private readonly List<ulong> _responses = [];
    private ulong _requestPos;
    private ulong _responsePos;
    private int? _waiting;
    private bool _endIsDue;

    /// <summary>Requests of which the tracker was told.</summary>
    public HashSet<int> Asked { get; } = [];

    /// <summary>Responses that were over or under way, in bytes, by request.</summary>
    public IReadOnlyList<ulong> Responses => _responses;

    public IReadOnlyList<(ulong From, ulong Length)> Requests => _requests;

    /// <summary>The identity that an exchange carries: exchanges of the same request have the same.</summary>
    public static uint Identity(ulong conn, int message) => ((uint)conn * 1000) + (uint)message;

    public void Request(ulong length, bool mayWait, bool isLost)
    {
        var message = _requests.Count;
        _requests.Add((_requestPos, length));
        _requestPos += length;
        if (mayWait && _waiting is null)
        {
            _waiting = message;
            return;
        }

        if (isLost)
        {
            return;
        }

        Asked.Add(message);
        var line = new HttpLine
        {
            Conn = conn,
            BegunNs = 100,
            Pos = _requests[message].From,
            Message = (uint)message,
            Flags = HttpFlags.Complete,
        };
        line.Length = (ushort)Encoding.ASCII.GetBytes($"GET /{message} HTTP/1.1\r\n", MemoryMarshal.CreateSpan(ref line.Bytes[0], 128));
        tracker.OnLine(line);
    }

    /// <summary>The next response's head; the one before ends where it begins, if its end was not told.</summary>
    public void Response(ulong length, bool isOver, bool isLost)
    {
        if (_endIsDue || _responses.Count == _requests.Count)
        {
            return;
        }

        var message = _responses.Count;
        _responses.Add(length);
        _endIsDue = !isOver;
        var from = _responsePos;
        _responsePos += length;
        var head = new HttpHead
        {
            Conn = conn,
            BegunNs = 200,
            Pos = from,
            End = isOver ? _responsePos : from + 1,
            Message = (uint)message,
            Tgid = Identity(conn, message),
            Status = 200,
            Minor = (byte)'1',
            Direction = (byte)Direction.Incoming,
            Flags = isOver ? HttpFlags.Complete : 0,
        };
        head.RequestPos = RequestEnd(message, ref head.Flags);
        var waited = _waiting == message;
        _waiting = waited ? null : _waiting;
        if (isLost)
        {
            return;
        }

        if (!waited)
        {
            tracker.OnHead(head, sink);
            return;
        }

        Asked.Add(message);
        var record = new HttpExchangeRecord
        {
            Head = head,
            RequestNs = 100,
            RequestFrom = _requests[message].From,
            Flags = HttpFlags.Complete,
        };
        var line = Encoding.ASCII.GetBytes($"GET /{message} HTTP/1.1\r\n");
        record.Length = (ushort)line.Length;
        tracker.OnExchange(record, line, sink);
    }

    public void End(bool isLost)
    {
        if (!_endIsDue)
        {
            return;
        }

        _endIsDue = false;
        var message = _responses.Count - 1;
        var end = new HttpEnd { Conn = conn, End = _responsePos, Message = (uint)message, Flags = HttpFlags.Complete };
        end.RequestPos = RequestEnd(message, ref end.Flags);
        if (!isLost)
        {
            tracker.OnEnd(end, sink);
        }
    }

    public void Close()
    {
        if (_waiting is { } message)
        {
            Asked.Add(message);
        }

        tracker.OnClosed(
            new FlowEvent
            {
                Id = conn,
                TxBytes = _responsePos,
                RxBytes = _requestPos,
                Direction = (byte)Direction.Incoming,
                Flags = (byte)(FlowEvent.ClosedFlag | (_waiting is null ? 0 : FlowEvent.UnansweredFlag)),
            },
            sink);
    }

    // As request_pos of bpf/net/http_out.bpf.c: unknown when more than one request has begun behind it, and none of them waits.
    private ulong RequestEnd(int message, ref HttpFlags flags)
    {
        if (_requests.Count == message + 1 || _waiting == message + 1)
        {
            flags |= HttpFlags.RequestOver;
            return _requests[message].From + _requests[message].Length;
        }

        return 0;
    }
}
