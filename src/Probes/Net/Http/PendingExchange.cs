namespace EbpfActors.Probes.Net.Http;

/// <summary>A request that is under way, then its response. Positions count bytes from the start of each direction's stream.</summary>
internal sealed class PendingExchange(uint message, ulong requestPos, ulong begunNs, HttpFlags flags)
{
    private readonly bool _isAdopted = (flags & HttpFlags.Adopted) != 0;
    private FlowIdentity _flow;
    private ulong _requestEnd;
    private bool _requestIsOver;
    private ulong _responsePos;
    private ulong _responseEnd;
    private bool _responseIsOver;
    private ulong _latencyNs;
    private ushort _status;
    private byte _minor;
    private ulong _requestReported;
    private ulong _responseReported;
    private bool _isReported;

    public uint Message { get; } = message;

    public ulong RequestPos => requestPos;

    public RequestName Name { get; set; } = RequestName.Unknown;

    /// <summary>The pieces of a start line that came in several; null otherwise.</summary>
    public MemoryStream? Line { get; set; }

    /// <summary>Its connection's number is that of a TLS session.</summary>
    public bool IsOfSession { get; } = (flags & HttpFlags.Tls) != 0;

    public bool IsAnswered { get; private set; }

    public bool IsOver => _requestIsOver && _responseIsOver;

    public void Answer(in HttpHead head, FlowIdentity flow)
    {
        IsAnswered = true;
        _flow = flow;
        _status = head.Status;
        _minor = head.Minor;
        _latencyNs = head.BegunNs > begunNs ? head.BegunNs - begunNs : 0;
        _responsePos = head.Pos;
        _responseEnd = head.End;
        _responseIsOver = (head.Flags & HttpFlags.Complete) != 0;
        if (!_requestIsOver)
        {
            _requestEnd = Math.Max(head.RequestPos, requestPos);
        }
    }

    public void EndRequest(ulong pos)
    {
        if (!_requestIsOver)
        {
            (_requestEnd, _requestIsOver) = (pos, true);
        }
    }

    /// <summary>It is over, and where was not told: what is known must do.</summary>
    public void EndAsKnown(ulong? responseEnd)
    {
        if (!_responseIsOver)
        {
            EndResponse(responseEnd ?? _responseEnd);
        }

        EndRequest(_requestEnd);
    }

    public void EndResponse(ulong pos) => (_responseEnd, _responseIsOver) = (pos, true);

    /// <summary>The connection is closed after so many bytes. Of an older connection the positions count from another place.</summary>
    public void EndWith(ulong sent, ulong received)
    {
        var isServer = _flow.Direction == Direction.Incoming;
        var (requests, responses) = isServer ? (received, sent) : (sent, received);
        EndRequest(_isAdopted ? _requestEnd : Math.Max(requests, _requestEnd));
        if (!_responseIsOver)
        {
            EndResponse(_isAdopted ? _responseEnd : Math.Max(responses, _responseEnd));
        }
    }

    /// <summary>Hands out what was not handed out before.</summary>
    public void Report(INetSink sink)
    {
        var request = _requestEnd - requestPos - _requestReported;
        var response = _responseEnd - _responsePos - _responseReported;
        if (_isReported && (request | response) == 0)
        {
            return;
        }

        var isServer = _flow.Direction == Direction.Incoming;
        sink.Http(new HttpExchange(
            _flow,
            Name.Method,
            Name.Path,
            Name.IsTruncated,
            HttpTracker.Version(_minor),
            _status,
            _isReported ? 0u : 1u,
            BytesRead: isServer ? request : response,
            BytesWritten: isServer ? response : request,
            _isReported ? 0 : _latencyNs));
        _isReported = true;
        _requestReported += request;
        _responseReported += response;
    }
}
