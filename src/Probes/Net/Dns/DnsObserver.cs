using CommunityToolkit.HighPerformance.Buffers;
using EbpfActors.Probes.Conntrack;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>How DNS is read.</summary>
/// <param name="Timeout">A query that was not answered for so long has timed out.</param>
/// <param name="Names">Exchanges carry the name that was asked.</param>
/// <param name="MaxQueries">Queries under way, at most.</param>
internal sealed record DnsReading(TimeSpan Timeout, bool Names, int MaxQueries)
{
    /// <summary>For queries that were seen with the resolver that they were translated to; null: there are none.</summary>
    internal INatLookup? Nat { get; init; }
}

/// <summary>
/// Makes exchanges, and the names of addresses, out of the kernel's records about DNS. Every message is an exchange's query or
/// answer, or it is counted with the reason why it is not. Not thread-safe, except its counters.
/// </summary>
internal sealed class DnsObserver
{
    private static readonly string[] FaultReasons =
    [
        "", "dns-short-header", "dns-false-counts", "dns-bad-label", "dns-bad-pointer", "dns-long-name", "dns-bad-data",
    ];

    private readonly bool _names;
    private readonly INatLookup? _nat;
    private readonly ProcessNames _processes;
    private readonly QueryTracker _queries;
    private readonly DnsStreams _streams = new();
    private readonly StringPool _strings = new(4096);
    private readonly DnsStream.Consumer _onStreamMessage;
    private readonly long[] _faults = new long[FaultReasons.Length];
    private long _truncated;
    private long _unasked;
    private long _malformedRecords;
    private DnsRecord _record;
    private INetSink? _sink;

    internal DnsObserver(DnsReading reading, ProcessNames processes)
    {
        _processes = processes;
        _nat = reading.Nat;
        _names = reading.Names;
        _queries = new QueryTracker(reading.Timeout, reading.MaxQueries);
        _onStreamMessage = message => OnMessage(message, isCut: false);
    }

    /// <summary>So long, or until the next query times out.</summary>
    internal TimeSpan WaitAtMost(TimeSpan wait, ulong nowNs)
    {
        if (_queries.NextTimeoutNs is not { } due)
        {
            return wait;
        }

        // A wait is whole milliseconds, and one that ends a little early ends for nothing.
        var left = TimeSpan.FromMilliseconds(due > nowNs ? ((due - nowNs) / 1_000_000) + 1 : 0);
        return left < wait ? left : wait;
    }

    internal IReadOnlyList<TableFill> Limits() =>
    [
        new TableFill("DNS queries under way", _queries.Waiting, _queries.Capacity),
    ];

    internal void OnRecord(ReadOnlySpan<byte> bytes, INetSink sink)
    {
        _sink = sink;
        if (!DnsRecord.TryRead(bytes, out _record, out var payload))
        {
            _malformedRecords++;
        }
        else if ((Transport)_record.Transport == Transport.Tcp)
        {
            _streams.OnRecord(_record, payload, _onStreamMessage);
        }
        else
        {
            _truncated += _record.IsCut ? 1 : 0;
            OnMessage(payload, _record.IsCut);
        }
    }

    /// <summary>Reports what has timed out by <paramref name="nowNs"/> (CLOCK_MONOTONIC), all records before which were handed over.</summary>
    internal void Expire(ulong nowNs, INetSink sink)
    {
        _streams.Sweep(nowNs);
        while (_queries.Expire(nowNs, out var query))
        {
            Report(query, DnsExchange.TimedOut, latencyNs: 0, sink);
        }
    }

    internal IReadOnlyList<ProbeLoss> Losses() => ProbeLoss.Of(
        ("dns-too-many-queries", _queries.TooMany),
        ("dns-tcp-gap", _streams.Gaps),
        ("dns-tcp-too-much", _streams.TooMany),
        ("dns-malformed-record", _malformedRecords));

    /// <summary>Messages that are no query's first or last one, or no messages.</summary>
    internal IReadOnlyList<ProbeLoss> LeftOut() =>
    [
        .. ProbeLoss.Of(
            ("dns-retries", _queries.Retries),
            ("dns-late", _queries.Late),
            ("dns-duplicate", _queries.Duplicates),
            ("dns-unasked", _unasked),
            ("dns-truncated", _truncated)),
        .. ProbeLoss.Of([.. FaultReasons.Select((reason, i) => (reason, _faults[i])).Skip(1)]),
    ];

    /// <summary>False for what is no message.</summary>
    private bool OnMessage(ReadOnlySpan<byte> bytes, bool isCut)
    {
        Span<byte> room = stackalloc byte[DnsName.MostBytes];
        var fault = DnsMessage.Read(bytes, room, out var message);
        if (fault != DnsFault.None)
        {
            _faults[(int)fault]++;
            return false;
        }

        var isServer = message.IsResponse == _record.IsSent;
        var key = new QueryKey(
            IpAddress.Read(_record.Saddr),
            IpAddress.Read(_record.Daddr),
            _record.Sport,
            _record.Dport,
            _record.Netns,
            message.Id,
            (Transport)_record.Transport,
            isServer);
        if (message.IsResponse)
        {
            OnAnswer(key, message, isCut);
        }
        else
        {
            _queries.Ask(new Query
            {
                Key = key,
                Question = message.Question,
                AtNs = _record.AtNs,
                Tgid = _record.Tgid,
                Type = message.QueryType,
                Name = _names ? Text(message) : "",
            });
        }

        return true;
    }

    private void OnAnswer(in QueryKey key, in DnsMessage message, bool isCut)
    {
        var kind = _queries.Answer(key, message.Question, _record.AtNs, out var query);
        if (kind == AnswerKind.Unasked && Translated(key) is { } asked)
        {
            kind = _queries.Answer(asked, message.Question, _record.AtNs, out query);
            query.Key = key; // the resolver that was asked, wherever the query went
        }

        if (kind is AnswerKind.Unasked or AnswerKind.Duplicate)
        {
            _unasked += kind == AnswerKind.Unasked ? 1 : 0;
            return;
        }

        if (key.IsServer)
        {
            query.Tgid = _record.Tgid; // who asks is elsewhere
        }

        Span<DnsAddress> addresses = stackalloc DnsAddress[DnsAnswers.MostAddresses];
        var fault = DnsAnswers.Read(message, addresses, out var count, out var rcode);
        if (fault != DnsFault.None && !isCut)
        {
            _faults[(int)fault]++;
        }

        if (kind == AnswerKind.Answer)
        {
            Report(query, rcode, _record.AtNs > query.AtNs ? _record.AtNs - query.AtNs : 0, _sink!);
        }

        if (count > 0 && !key.IsServer)
        {
            Observe(query, Text(message), addresses[..count]);
        }
    }

    /// <summary>
    /// Under which other key the query of an answer may have been entered: where the kernel could not tell what an unconnected socket had
    /// asked for, under the resolver that it was translated to. Connection tracking has to say that it was, so that no other answer gets in.
    /// </summary>
    private QueryKey? Translated(in QueryKey key)
    {
        if (_nat is null || key.IsServer || key.Transport != Transport.Udp)
        {
            return null;
        }

        var flow = new FlowIdentity(
            key.Local, key.Remote, key.LocalPort, key.RemotePort, key.Transport, Direction.Outgoing, Pid: 0, key.NetNamespace, ProcessName: "");
        var target = _nat.Find(flow);
        if (!target.IsKnown)
        {
            _nat.CatchUp();
            target = _nat.Find(flow);
        }

        return target.IsKnown ? key with { Remote = target.Address, RemotePort = target.Port } : null;
    }

    private void Observe(in Query query, string name, ReadOnlySpan<DnsAddress> addresses)
    {
        foreach (var (address, seconds) in addresses)
        {
            _sink!.Domain(new DomainObservation(
                query.Key.NetNamespace, query.Tgid, address, name, TimeSpan.FromSeconds(seconds), _record.AtNs));
        }
    }

    private void Report(in Query query, int rcode, ulong latencyNs, INetSink sink)
    {
        var key = query.Key;
        var flow = new FlowIdentity(
            key.Local,
            key.Remote,
            key.LocalPort,
            key.RemotePort,
            key.Transport,
            key.IsServer ? Direction.Incoming : Direction.Outgoing,
            query.Tgid,
            key.NetNamespace,
            _names ? _processes.Name(query.Tgid) : "")
        {
            BornNs = query.AtNs,
        };
        sink.Dns(new DnsExchange(flow, query.Name, query.Type, rcode, latencyNs, query.Retries));
    }

    private string Text(in DnsMessage message)
    {
        if (message.Name.IsEmpty)
        {
            return "";
        }

        Span<char> text = stackalloc char[DnsName.MostCharacters];
        return _strings.GetOrAdd(text[..DnsName.Write(message.Name, text)]);
    }
}
