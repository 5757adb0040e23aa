using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Sockets whose own network namespace translates what they send: the packets leave for other ends than the socket knows.</summary>
public sealed class OwnNatTests : IDisposable
{
    private const int ServicePort = 80;
    private const int BackendPort = 8080;

    private readonly NetworkNamespace _near;
    private readonly NetworkNamespace _far;

    public OwnNatTests()
    {
        (_near, _far) = NetworkNamespace.Pair();
        foreach (var (family, gateway) in new[] { ("ip", "10.77.0.2"), ("ip6", "fd77::2") })
        {
            _near.Exec("ip", $"{(family == "ip" ? "" : "-6 ")}route add default via {gateway}");
            _near.Exec("nft", $"add table {family} nat");
            _near.Exec("nft", $"add chain {family} nat out {{ type nat hook output priority -100; }}");
            _near.Exec("nft", $"add chain {family} nat post {{ type nat hook postrouting priority 100; }}");
        }

        foreach (var transport in new[] { "tcp", "udp" })
        {
            Translate(false, transport, ServicePort, BackendPort);
            Translate(true, transport, ServicePort, BackendPort);
        }
    }

    public enum Way
    {
        Tcp,
        ConnectedUdp,
        UnconnectedUdp,
    }

    /// <summary>Before Linux 5.11 the types of a module are in no BTF.</summary>
    private static bool IsConntrackKnown => File.Exists("/sys/kernel/btf/nf_conntrack") || !File.Exists("/sys/module/nf_conntrack/refcnt");

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [Theory]
    [InlineData(Way.Tcp, false)]
    [InlineData(Way.Tcp, true)]
    [InlineData(Way.ConnectedUdp, false)]
    [InlineData(Way.ConnectedUdp, true)]
    [InlineData(Way.UnconnectedUdp, false)]
    [InlineData(Way.UnconnectedUdp, true)]
    public void A_translated_flow_has_the_peer_that_its_socket_asked_for_and_shows_where_it_went(Way way, bool isIPv6)
    {
        Assert.SkipWhen(way == Way.UnconnectedUdp && !IsConntrackKnown, "this kernel does not tell how it keeps connections");
        using var server = Listen(isIPv6, way == Way.Tcp, BackendPort);
        using var recorder = new FlowRecorder();
        using var client = Converse(server, way, new IPEndPoint(Service(isIPv6), ServicePort), sent: 30, received: 50);
        var port = Port(client);

        recorder.ShouldReach(f => IsClient(f, port), Sum(way));
        var flows = recorder.Where(f => IsClient(f, port));
        flows.ShouldAllBe(d => d.Flow.Destination == Address(Service(isIPv6)) && d.Flow.DestinationPort == ServicePort && d.Flow.Pid == Environment.ProcessId);
        flows.ShouldAllBe(d => d.Flow.Direction == Direction.Outgoing);
        recorder.Where(f => f.NetNamespace == _far.Inode).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming);
        flows.Where(d => d.BytesWritten > 0).ShouldAllBe(d => d.Nat == new NatTarget(Address(Backend(isIPv6)), BackendPort));
        recorder.Where(f => f.NetNamespace == _far.Inode).ShouldAllBe(d => !d.Nat.IsKnown);
    }

    [Theory]
    [InlineData(Way.Tcp)]
    [InlineData(Way.ConnectedUdp)]
    [InlineData(Way.UnconnectedUdp)]
    public void A_flow_that_is_tracked_and_not_translated_went_nowhere_else(Way way)
    {
        using var server = Listen(false, way == Way.Tcp, BackendPort);
        using var recorder = new FlowRecorder();
        using var client = Converse(server, way, new IPEndPoint(Backend(false), BackendPort), sent: 30, received: 50);
        var port = Port(client);

        recorder.ShouldReach(f => IsClient(f, port), Sum(way));
        recorder.Where(f => IsClient(f, port)).ShouldAllBe(d => !d.Nat.IsKnown && d.Flow.DestinationPort == BackendPort);
    }

    [Fact]
    public void A_connected_socket_that_sends_elsewhere_is_not_taken_for_translated()
    {
        Assert.SkipWhen(!IsConntrackKnown, "this kernel does not tell how it keeps connections");
        using var server = Listen(false, isTcp: false, BackendPort);
        using var recorder = new FlowRecorder();
        using var client = _near.Run(() => Make(false, isTcp: false));
        _near.Run(() => client.Connect(new IPEndPoint(IPAddress.Parse("10.77.0.2"), 9)));

        client.SendTo(new byte[30], new IPEndPoint(Backend(false), BackendPort));

        recorder.ShouldReach(f => IsClient(f, Port(client)), new FlowSum(30, 0));
        recorder.Where(f => IsClient(f, Port(client))).ShouldAllBe(d => !d.Nat.IsKnown && d.Flow.DestinationPort == BackendPort);
    }

    [Theory]
    [InlineData(Way.ConnectedUdp)]
    [InlineData(Way.UnconnectedUdp)]
    public void A_datagram_whose_source_is_translated_has_its_socket_s_own(Way way)
    {
        Assert.SkipWhen(way == Way.UnconnectedUdp && !IsConntrackKnown, "this kernel does not tell how it keeps connections");
        _near.Exec("nft", "add rule ip nat post udp dport 8081 snat to 10.77.0.1:40000");
        using var server = Listen(false, isTcp: false, 8081);
        using var recorder = new FlowRecorder();
        using var client = Converse(server, way, new IPEndPoint(Backend(false), 8081), sent: 30, received: 50);

        recorder.ShouldReach(f => IsClient(f, Port(client)), Sum(way));
        recorder.Where(f => f.NetNamespace == _near.Inode && f.SourcePort == 40_000).ShouldBeEmpty();
        recorder.Where(f => IsClient(f, Port(client))).ShouldAllBe(d => !d.Nat.IsKnown);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_socket_that_asks_a_service_and_its_backend_has_a_flow_with_each(bool isIPv6, bool isBackendFirst)
    {
        Assert.SkipWhen(!IsConntrackKnown, "this kernel does not tell how it keeps connections");
        using var server = Listen(isIPv6, isTcp: false, BackendPort);
        using var recorder = new FlowRecorder();
        using var client = _near.Run(() => Make(isIPv6, isTcp: false));
        (IPEndPoint To, int Sent, int Received)[] both = [(new(Service(isIPv6), ServicePort), 30, 50), (new(Backend(isIPv6), BackendPort), 31, 51)];

        foreach (var (to, sent, received) in isBackendFirst ? both.Reverse() : both)
        {
            client.SendTo(new byte[sent], to);
            Answer(server, sent, new byte[received]);
            client.Receive(new byte[received]).ShouldBe(received);
        }

        foreach (var (to, sent, received) in both)
        {
            recorder.ShouldReach(f => IsClient(f, Port(client)) && f.Destination == Address(to.Address), new FlowSum((ulong)sent, (ulong)received));
        }
    }

    [Theory]
    [InlineData(Way.ConnectedUdp, false, 53)]
    [InlineData(Way.ConnectedUdp, true, 5353)]
    [InlineData(Way.UnconnectedUdp, false, 53)]
    [InlineData(Way.UnconnectedUdp, false, 5353)]
    [InlineData(Way.UnconnectedUdp, true, 53)]
    [InlineData(Way.UnconnectedUdp, true, 5353)]
    public void A_query_that_is_translated_is_answered_by_whom_it_asked(Way way, bool isIPv6, int resolverPort)
    {
        Assert.SkipWhen(way == Way.UnconnectedUdp && !IsConntrackKnown, "this kernel does not tell how it keeps connections");
        Translate(isIPv6, "udp", 53, resolverPort);
        using var server = Listen(isIPv6, isTcp: false, resolverPort);
        using var recorder = new FlowRecorder();
        var query = DnsBytes.Query(7, "a.test");

        using var client = Ask(server, way, new IPEndPoint(Service(isIPv6), 53), query, DnsBytes.Answer(query, 0, DnsBytes.Address("a.test", "192.0.2.1")));

        recorder.Until(_ => recorder.Queries.Any(q => IsClient(q.Flow, Port(client))), "no exchange");
        var exchange = recorder.Queries.Single(q => IsClient(q.Flow, Port(client)));
        (exchange.Rcode, exchange.Flow.Destination, exchange.Flow.DestinationPort).ShouldBe((0, Address(Service(isIPv6)), (ushort)53));
        recorder.Domains.ShouldHaveSingleItem().Address.ToString().ShouldBe("192.0.2.1");
    }

    [Theory]
    [InlineData(Way.ConnectedUdp)]
    [InlineData(Way.UnconnectedUdp)]
    public void An_answer_from_anybody_else_is_nobody_s(Way way)
    {
        Translate(false, "udp", 53, 53);
        using var server = Listen(false, isTcp: false, 53);
        using var stranger = Listen(false, isTcp: false, 5454);
        using var recorder = new FlowRecorder(new NetProbeOptions { DnsPorts = [53, 5454] });
        var query = DnsBytes.Query(7, "a.test");

        using var client = Ask(server, way, new IPEndPoint(Service(false), 53), query, answer: null);
        stranger.SendTo(DnsBytes.Answer(query, 3), new IPEndPoint(IPAddress.Parse("10.77.0.1"), Port(client)));
        recorder.Until(_ => recorder.Counters.LeftOut.Any(l => l.Reason == "dns-unasked") || way == Way.ConnectedUdp, "no stray answer");

        recorder.Collect().Queries.ShouldNotContain(q => IsClient(q.Flow, Port(client)));
    }

    [Fact]
    public void A_server_to_which_queries_are_translated_answers_them()
    {
        Assert.SkipWhen(!IsConntrackKnown, "this kernel does not tell how it keeps connections");
        _far.Exec("nft", "add table ip nat");
        _far.Exec("nft", "add chain ip nat in { type nat hook prerouting priority -100; }");
        _far.Exec("nft", "add rule ip nat in udp dport 53 redirect to :5353");
        using var server = Listen(false, isTcp: false, 5353);
        using var recorder = new FlowRecorder(new NetProbeOptions { DnsPorts = [53, 5353] });
        var query = DnsBytes.Query(7, "a.test");

        using var client = Ask(server, Way.UnconnectedUdp, new IPEndPoint(Backend(false), 53), query, DnsBytes.Answer(query, 0));

        recorder.Until(_ => recorder.Queries.Count(q => q.Flow.NetNamespace == _near.Inode || q.Flow.NetNamespace == _far.Inode) == 2, "not two exchanges");
        recorder.Queries.ShouldAllBe(q => q.Rcode == 0);
        recorder.Queries.Single(q => q.Flow.NetNamespace == _far.Inode).Flow.SourcePort.ShouldBe((ushort)5353);
        recorder.Queries.Single(q => q.Flow.NetNamespace == _near.Inode).Flow.DestinationPort.ShouldBe((ushort)53);
        recorder.Collect().Where(f => f.NetNamespace == _far.Inode).ShouldAllBe(d => d.Flow.Direction == Direction.Incoming);
    }

    private static IPAddress Service(bool isIPv6) => IPAddress.Parse(isIPv6 ? "fd96::10" : "10.96.0.10");

    private static IPAddress Backend(bool isIPv6) => IPAddress.Parse(isIPv6 ? "fd77::2" : "10.77.0.2");

    private static IpAddress Address(IPAddress address) => IpAddress.Parse(address.ToString());

    private static ushort Port(Socket socket) => (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;

    private static Socket Make(bool isIPv6, bool isTcp) => new(
        isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
        isTcp ? SocketType.Stream : SocketType.Dgram,
        isTcp ? ProtocolType.Tcp : ProtocolType.Udp)
    {
        ReceiveTimeout = 10_000,
    };

    private static FlowSum Sum(Way way) => new(30, 50, Established: way == Way.Tcp ? 1 : 0);

    private bool IsClient(FlowIdentity flow, ushort port) => flow.NetNamespace == _near.Inode && flow.SourcePort == port;

    private void Translate(bool isIPv6, string transport, int from, int to) => _near.Exec(
        "nft",
        isIPv6
            ? $"add rule ip6 nat out ip6 daddr {Service(true)} {transport} dport {from} dnat to [{Backend(true)}]:{to}"
            : $"add rule ip nat out ip daddr {Service(false)} {transport} dport {from} dnat to {Backend(false)}:{to}");

    private Socket Listen(bool isIPv6, bool isTcp, int port) => _far.Run(() =>
    {
        var socket = Make(isIPv6, isTcp);
        socket.Bind(new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port));
        if (isTcp)
        {
            socket.Listen();
        }

        return socket;
    });

    /// <summary>So many bytes there, so many back; both sockets are open then.</summary>
    private Socket Converse(Socket server, Way way, IPEndPoint to, int sent, int received)
    {
        if (way != Way.Tcp)
        {
            return Ask(server, way, to, new byte[sent], new byte[received]);
        }

        var client = _near.Run(() => Make(to.AddressFamily == AddressFamily.InterNetworkV6, isTcp: true));
        client.Connect(to);
        client.Send(new byte[sent]);
        using var accepted = server.Accept();
        accepted.Receive(new byte[sent]).ShouldBe(sent);
        accepted.Send(new byte[received]);
        client.Receive(new byte[received]).ShouldBe(received);
        return client;
    }

    private Socket Ask(Socket server, Way way, IPEndPoint to, byte[] question, byte[]? answer)
    {
        var isIPv6 = to.AddressFamily == AddressFamily.InterNetworkV6;
        var client = _near.Run(() => Make(isIPv6, isTcp: false));
        if (way == Way.ConnectedUdp)
        {
            client.Connect(to);
            client.Send(question);
        }
        else
        {
            client.SendTo(question, to);
        }

        Answer(server, question.Length, answer);
        if (answer is not null)
        {
            client.Receive(new byte[4096]).ShouldBe(answer.Length);
        }

        return client;
    }

    /// <summary>Reads so many bytes, and answers whoever sent them.</summary>
    private static void Answer(Socket server, int asked, byte[]? answer)
    {
        EndPoint from = new IPEndPoint(server.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        server.ReceiveFrom(new byte[4096], ref from).ShouldBe(asked);
        if (answer is not null)
        {
            server.SendTo(answer, from);
        }
    }
}
