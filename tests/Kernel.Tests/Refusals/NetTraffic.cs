using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;

namespace EbpfActors.Kernel.Tests.Refusals;

/// <summary>What ebpf-net tells: each is seen exactly, or not at all.</summary>
[Flags]
public enum Told
{
    None = 0,

    /// <summary>A connection that began after the attach: bytes, beginning and end, both ends, with direction and process.</summary>
    NewConnection = 1 << 0,

    /// <summary>A connection that is older than the agent: bytes from then on, and its end.</summary>
    OldConnection = 1 << 1,

    /// <summary>The bytes of a connection and of a UDP flow that stay open.</summary>
    OpenConnection = 1 << 2,

    /// <summary>Datagrams of both ends.</summary>
    Udp = 1 << 3,

    /// <summary>An exchange of HTTP on both ends.</summary>
    Http = 1 << 4,

    /// <summary>A DNS query on both ends.</summary>
    Dns = 1 << 5,

    All = NewConnection | OldConnection | OpenConnection | Udp | Http | Dns,
}

/// <summary>Known traffic of every kind between sockets of this process, some of it older than the probe.</summary>
internal sealed class NetTraffic : IDisposable
{
    private const string Request = "GET /refused HTTP/1.1\r\n\r\n";
    private const string Response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const ulong OpenBytes = 777;
    private static readonly FlowSum Nothing = new(0, 0);

    private readonly TcpExchange _old = new(IPAddress.Loopback);
    private readonly UdpExchange _dns = new(IPAddress.Loopback, connected: true);
    private TcpExchange? _new;
    private TcpExchange? _open;
    private UdpExchange? _udp;

    public NetTraffic() => _old.Send(5000, 6000);

    /// <summary>What the probe is to be told about DNS.</summary>
    public NetProbeOptions Options => new() { DnsPorts = [(ushort)_dns.ServerAddress.Port] };

    /// <summary>Everything that <see cref="Told"/> names, once, after the probe was attached.</summary>
    public void Happen()
    {
        _old.Send(100, 200);
        _old.Close();
        _new = new TcpExchange(IPAddress.IPv6Loopback);
        Say(_new.Client, _new.Server, Request);
        Say(_new.Server, _new.Client, Response);
        _new.Send(12345, 54321);
        _new.Close();
        _open = new TcpExchange(IPAddress.Loopback);
        _open.Send((long)OpenBytes, (long)OpenBytes);
        _udp = new UdpExchange(IPAddress.IPv6Loopback, connected: false);
        _udp.ToServer(1000);
        _udp.ToClient(300);
        var query = DnsBytes.Query(7, "refused.test");
        _dns.ToServer(query);
        _dns.ToClient(DnsBytes.Answer(query, 0, DnsBytes.Address("refused.test", "192.0.2.1")));
    }

    /// <summary>What was told exactly. Anything that was told otherwise, or by halves, is in <paramref name="wrong"/>.</summary>
    public Told Seen(FlowRecorder recorder, out string wrong)
    {
        var (request, response) = ((ulong)Request.Length, (ulong)Response.Length);
        var (told, faults) = (Told.None, new List<string>());
        Check(Told.NewConnection, Tcp(_new!, 12345 + request, 54321 + response, 1, 1));
        Check(Told.OldConnection, Tcp(_old, 100, 200, 1, 1));
        Check(Told.OpenConnection, Tcp(_open!, OpenBytes, OpenBytes, 1, 0));
        Check(Told.Udp, [(recorder.Sum(_udp!.IsClient).In(Nothing), new FlowSum(1000, 300)), (recorder.Sum(_udp.IsServer).In(Nothing), new FlowSum(300, 1000))]);
        Check(Told.Http, [(Count(recorder.Exchanges.Where(e => e.Path == "/refused" && e.Status == 200)), Count(2))]);
        Check(Told.Dns, [(Count(recorder.Queries.Where(q => _dns.IsClient(q.Flow) || _dns.IsServer(q.Flow))), Count(2))]);
        wrong = string.Join("; ", faults);
        return told;

        void Check(Told what, IReadOnlyCollection<(FlowSum Seen, FlowSum Wanted)> pairs)
        {
            if (pairs.All(p => p.Seen == p.Wanted))
            {
                told |= what;
            }
            else if (pairs.Any(p => p.Seen.In(Nothing) != Nothing))
            {
                faults.Add($"{what}: {string.Join(", ", pairs.Select(p => $"{p.Seen} where it was {p.Wanted}"))}");
            }
        }

        (FlowSum, FlowSum)[] Tcp(TcpExchange exchange, ulong written, ulong read, long begun, long ended) =>
        [
            (recorder.Sum(exchange.IsClient).In(Nothing), new FlowSum(written, read, begun, ended)),
            (recorder.Sum(exchange.IsServer).In(Nothing), new FlowSum(read, written, begun, ended)),
        ];
    }

    public bool IsMine(FlowIdentity flow) =>
        new[] { _old, _new!, _open! }.Any(e => e.IsClient(flow) || e.IsServer(flow)) || _udp!.IsClient(flow) || _udp.IsServer(flow);

    /// <summary>The direction that a flow of this traffic really had.</summary>
    public Direction DirectionOf(FlowIdentity flow) =>
        new[] { _old, _new!, _open! }.Any(e => e.IsClient(flow)) || _udp!.IsClient(flow) ? Direction.Outgoing : Direction.Incoming;

    public void Dispose()
    {
        _old.Dispose();
        _new?.Dispose();
        _open?.Dispose();
        _udp?.Dispose();
        _dns.Dispose();
    }

    private static FlowSum Count<T>(IEnumerable<T> items) => Count(items.Count());

    private static FlowSum Count(int count) => new((ulong)count, 0);

    private static void Say(Socket from, Socket to, string text)
    {
        from.Send(Encoding.ASCII.GetBytes(text));
        TcpExchange.ReceiveAll(to, new byte[text.Length], text.Length);
    }
}
