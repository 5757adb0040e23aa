namespace EbpfActors.Probes.Net.Dns;

/// <summary>
/// The TCP connections of the DNS ports, each direction for itself. Bounded in streams and in bytes; a stream of which a part
/// is missing for good is given up until it begins anew. Not thread-safe.
/// </summary>
internal sealed class DnsStreams(int maxStreams = 16_384, int maxBytes = 16 * 1024 * 1024)
{
    private const ulong IdleNs = 60_000_000_000;
    private const ulong LookEveryNs = 1_000_000_000;

    private readonly Dictionary<StreamKey, DnsStream> _streams = [];

    /// <summary>What was given up and has not begun anew: its bytes are no messages. Bounded like the streams.</summary>
    private readonly HashSet<StreamKey> _lost = [];

    private long _bytes;
    private ulong _lookedNs;

    internal int Count => _streams.Count;

    /// <summary>Bytes that wait for the rest of their messages.</summary>
    internal long Bytes => _bytes;

    /// <summary>Streams of which a part was missing.</summary>
    internal long Gaps { get; private set; }

    /// <summary>Streams that were not followed, or given up, because there were too many or they held too much.</summary>
    internal long TooMany { get; private set; }

    internal void OnRecord(in DnsRecord record, ReadOnlySpan<byte> bytes, DnsStream.Consumer consume)
    {
        var key = new StreamKey(
            IpAddress.Read(record.Saddr), IpAddress.Read(record.Daddr), record.Sport, record.Dport, record.Netns, record.IsSent);
        if ((record.Flags & DnsFlags.Begin) != 0)
        {
            _lost.Remove(key);
            End(key);
        }

        if ((record.Flags & DnsFlags.End) != 0)
        {
            // What is missing may still come, behind the end: being idle ends such a stream.
            if (_streams.TryGetValue(key, out var ending) && !ending.IsInside)
            {
                Forget(key, ending);
            }
        }
        else if (Stream(key, record) is { } stream)
        {
            Take(key, stream, record, bytes, consume);
        }
    }

    /// <summary>Lets streams go in which nothing has come for long.</summary>
    internal void Sweep(ulong nowNs)
    {
        if (nowNs < _lookedNs + LookEveryNs)
        {
            return;
        }

        _lookedNs = nowNs;
        foreach (var (key, stream) in _streams)
        {
            if (nowNs >= stream.LastNs + IdleNs)
            {
                // A dictionary may lose entries while it is walked.
                End(key);
            }
        }
    }

    private DnsStream? Stream(in StreamKey key, in DnsRecord record)
    {
        if (_lost.Contains(key) || _streams.TryGetValue(key, out var stream))
        {
            return _streams.GetValueOrDefault(key);
        }

        if (_streams.Count >= maxStreams)
        {
            TooMany++;
            Lose(key);
            return null;
        }

        stream = new DnsStream();
        if ((record.Flags & DnsFlags.Begin) != 0)
        {
            stream.Begin(record.Seq);
        }

        _streams.Add(key, stream);
        return stream;
    }

    private void Take(in StreamKey key, DnsStream stream, in DnsRecord record, ReadOnlySpan<byte> bytes, DnsStream.Consumer consume)
    {
        stream.LastNs = record.AtNs;
        if (bytes.IsEmpty)
        {
            return;
        }

        var held = stream.Held;
        var follows = stream.Take(record.Seq, bytes, consume) && !stream.IsMisread;
        _bytes += stream.Held - held;
        if (follows && _bytes <= maxBytes)
        {
            return;
        }

        Gaps += follows ? 0 : 1;
        TooMany += follows ? 1 : 0;
        Forget(key, stream);
        Lose(key);
    }

    private void Lose(in StreamKey key)
    {
        if (_lost.Count >= maxStreams)
        {
            _lost.Clear();
        }

        _lost.Add(key);
    }

    private void End(in StreamKey key)
    {
        if (_streams.TryGetValue(key, out var stream))
        {
            Gaps += stream.IsInside ? 1 : 0;
            Forget(key, stream);
        }
    }

    private void Forget(in StreamKey key, DnsStream stream)
    {
        _bytes -= stream.Held;
        stream.Clear();
        _streams.Remove(key);
    }
}
