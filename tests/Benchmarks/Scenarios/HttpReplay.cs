using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Http;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>
/// A million exchanges as the kernel writes them, through decoder, table, aggregators' buckets and line protocol, on one
/// thread: what user space can take, without the kernel in the way.
/// </summary>
internal sealed class HttpReplay : INetSink
{
    private const int Exchanges = 1_000_000;
    private const int Connections = 200;
    private const int Paths = 50;
    private const int BetweenFlushes = 250_000;

    private readonly HttpTracker _tracker = new(new ProcessNames("/proc"), pathLength: 1024, maxConnections: 65_536);
    private readonly FlowTable _table = new(new FlowTableOptions { IncludeLoopback = true }, new FlowLedger());
    private readonly CreditGate _credits = new(1);
    private readonly CardinalityBudget _budget = new(20_000);
    private readonly HttpflowLineRenderer _renderer = new(new PointIdentity("node-1", "ebpf", []), new LineCuts());
    private readonly Dictionary<FlowKey, (HttpBuckets Buckets, PointTags Prefix)> _aggregators = [];
    private long _lines;
    private long _perLine;

    public static IEnumerable<Row> Run(int rounds)
    {
        var records = Records();
        var rates = new List<double>();
        var allocated = new List<double>();
        for (var i = 0; i <= rounds; i++)
        {
            var replay = new HttpReplay();
            replay.Play(records, Exchanges / 10); // strings, buckets and pools are made here
            replay._perLine = 0;
            var before = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            replay.Play(records, Exchanges);
            rates.Add(Exchanges / clock.Elapsed.TotalSeconds / 1e6);
            allocated.Add((GC.GetAllocatedBytesForCurrentThread() - before - replay._perLine) / (double)Exchanges);
            if (replay._table.IsEmpty && replay._lines > 0)
            {
                continue;
            }

            throw new InvalidOperationException("the replay left something behind");
        }

        // The first round compiled the code.
        yield return Row.AtLeast("httpflow in user space, exchanges on one core", "M/s", rates[1..], 1);
        yield return Row.Below("httpflow in user space, allocated per exchange before the lines", "bytes", allocated[1..], 0.5);
    }

    void INetSink.Flow(in FlowDelta delta)
    {
    }

    void INetSink.Dns(in DnsExchange exchange)
    {
    }

    void INetSink.Domain(in DomainObservation domain)
    {
    }

    void INetSink.Http(in HttpExchange exchange)
    {
        _table.Add(exchange);
        if (_table.IsFull)
        {
            Hand();
        }
    }

    private void Play(byte[][] records, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            var record = records[i % records.Length].AsSpan();
            _tracker.OnExchange(MemoryMarshal.AsRef<HttpExchangeRecord>(record), record[Marshal.SizeOf<HttpExchangeRecord>()..], this);
            if (i % BetweenFlushes == 0)
            {
                Hand();
                Flush();
            }
        }

        Hand();
        Flush();
    }

    private void Hand()
    {
        _credits.TryTake();
        using var batch = _table.Take(_credits);
        foreach (ref readonly var item in batch.Http)
        {
            if (!_aggregators.TryGetValue(item.Key, out var aggregator))
            {
                _aggregators[item.Key] = aggregator = (new HttpBuckets(new HttpPathLimits(), _budget), _renderer.TagPrefix(item.Key));
            }

            aggregator.Buckets.Add(item.Sums);
        }
    }

    private void Flush()
    {
        // A line is made once a bucket and interval, not once an exchange.
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (buckets, prefix) in _aggregators.Values)
        {
            _lines += buckets.Flush(_renderer, prefix, 1_700_000_000_000_000_000).Lines.Length;
        }

        _perLine += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static byte[][] Records()
    {
        var records = new List<byte[]>();
        for (var connection = 0; connection < Connections; connection++)
        {
            for (var path = 0; path < Paths; path++)
            {
                records.Add(Record(connection, path));
            }
        }

        Random.Shared.Shuffle(CollectionsMarshal.AsSpan(records));
        return [.. records];
    }

    private static byte[] Record(int connection, int path)
    {
        var bytes = new byte[Marshal.SizeOf<HttpExchangeRecord>() + HttpExchangeRecord.ShortLine];
        ref var record = ref MemoryMarshal.AsRef<HttpExchangeRecord>(bytes.AsSpan());
        record.Head.Conn = (ulong)connection + 1;
        record.Head.BegunNs = 2_000_000 + (ulong)path;
        record.Head.End = 300;
        record.Head.RequestPos = 200;
        record.Head.Tgid = 4242;
        record.Head.Sport = 8080;
        record.Head.Dport = (ushort)(40_000 + connection);
        record.Head.Status = 200;
        record.Head.Minor = (byte)'1';
        record.Head.Direction = (byte)Direction.Incoming;
        record.Head.Flags = HttpFlags.Complete | HttpFlags.RequestOver;
        Address(record.Head.Saddr, 0x0A00_0001);
        Address(record.Head.Daddr, 0x0A00_0100 + ((uint)connection % 20));
        "nginx"u8.CopyTo(record.Head.Comm);
        record.RequestNs = 1_000_000;
        record.Flags = HttpFlags.Complete;
        var line = Encoding.ASCII.GetBytes($"GET /api/v1/things/{path} HTTP/1.1\r\n");
        record.Length = (ushort)line.Length;
        line.CopyTo(bytes.AsSpan(Marshal.SizeOf<HttpExchangeRecord>()));
        return bytes;
    }

    private static void Address(Span<byte> mapped, uint address)
    {
        mapped[10] = mapped[11] = 0xFF;
        BinaryPrimitives.WriteUInt32BigEndian(mapped[12..], address);
    }
}
