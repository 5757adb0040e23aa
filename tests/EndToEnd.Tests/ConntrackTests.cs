using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>A client, a router that translates, and a server: the client's points say where its connections went.</summary>
public sealed class ConntrackTests
{
    private static readonly string[] Plugins = ["--enabled", "ebpf-net,ebpf-conntrack", "--interval", "1s"];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Netflow_and_httpflow_carry_the_backend(bool isIPv6, bool withSourceNat)
    {
        using var topology = new NatTopology();
        using TcpListenerPair server = new(topology, isIPv6);
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, [.. Plugins, "--output", $"file:{home.Points}"]);

        for (var i = 0; i < 20; i++)
        {
            server.Exchange(withSourceNat);
        }

        var status = await agent.StatusAsync();
        status.PluginOf("ebpf-conntrack").Hooks.ShouldContain(h => h.Hook == "nat-events" && h.Rung.Length > 0);
        status.PluginOf("ebpf-net").Hooks.ShouldContain(h => h.Hook == "packets" && h.Rung.Length > 0);
        home.LogLines().ShouldContain(l => l.Contains("nat-events by ", StringComparison.Ordinal));
        (await agent.StopAsync()).Code.ShouldBe(0);

        var service = NatTopology.Service(isIPv6, withSourceNat).ToString();
        foreach (var measurement in new[] { "netflow", "httpflow" })
        {
            var points = NetflowPoints.Parse(home.PointLines(), measurement);
            var clients = points.Clients("tcp", NatTopology.ServicePort, Environment.ProcessId).All.Where(p => p.Tags["dst_ip"] == service).ToList();
            clients.ShouldNotBeEmpty(measurement);
            clients.ShouldAllBe(p => p.Tags["dst_nat_ip"] == NatTopology.Backend(isIPv6).ToString() && p.Tags["dst_nat_port"] == "8080");
            points.Servers("tcp", NatTopology.BackendPort).All.ShouldAllBe(p => p.Tags["dst_nat_ip"] == "N/A" && p.Tags["dst_nat_port"] == "N/A");
        }
    }

    [Fact]
    public async Task A_connection_that_is_older_than_the_agent_carries_the_backend()
    {
        using var topology = new NatTopology();
        using var server = topology.Listen(isIPv6: false, isTcp: false);
        using var older = topology.Connect(server, isIPv6: false, isTcp: false, withSourceNat: false);
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, [.. Plugins, "--output", $"file:{home.Points}"]);

        older.Send([1, 2, 3]);
        server.Receive(new byte[3]);
        (await agent.StopAsync()).Code.ShouldBe(0);

        NetflowPoints.Parse(home.PointLines()).Clients("udp", NatTopology.ServicePort, Environment.ProcessId).All
            .ShouldHaveSingleItem().Tags["dst_nat_ip"].ShouldBe(NatTopology.Backend(isIPv6: false).ToString());
    }

    [Theory]
    [InlineData(ProtocolType.Tcp, true)]
    [InlineData(ProtocolType.Udp, true)]
    [InlineData(ProtocolType.Udp, false)]
    public async Task What_its_own_namespace_translates_is_reported_with_the_peer_asked_for_and_the_backend(ProtocolType protocol, bool connected)
    {
        using var space = new NetworkNamespace();
        space.Exec("nft", "add table ip nat");
        space.Exec("nft", "add chain ip nat out { type nat hook output priority -100; }");
        space.Exec("nft", $"add rule ip nat out ip daddr 127.0.0.9 {protocol.ToString().ToLowerInvariant()} dport 80 dnat to 127.0.0.1:8080");
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, [.. Plugins, "--include-loopback", "--output", $"file:{home.Points}"]);
        var kind = protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram;
        using var server = space.Run(() => new Socket(AddressFamily.InterNetwork, kind, protocol));
        using var client = space.Run(() => new Socket(AddressFamily.InterNetwork, kind, protocol));
        server.Bind(new IPEndPoint(IPAddress.Loopback, 8080));
        var service = new IPEndPoint(IPAddress.Parse("127.0.0.9"), 80);

        if (protocol == ProtocolType.Tcp)
        {
            server.Listen();
            client.Connect(service);
            using var accepted = server.Accept();
            client.Send(new byte[30]);
            accepted.Receive(new byte[30]);
            accepted.Send(new byte[50]);
        }
        else
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            if (connected)
            {
                client.Connect(service);
            }

            client.SendTo(new byte[30], service);
            server.ReceiveFrom(new byte[30], ref from);
            server.SendTo(new byte[50], from);
        }

        client.Receive(new byte[50]);
        (await agent.StopAsync()).Code.ShouldBe(0);

        var points = NetflowPoints.Parse(home.PointLines()).Clients(protocol.ToString().ToLowerInvariant(), 80, Environment.ProcessId);
        points.All.ShouldAllBe(p => p.Tags["dst_ip"] == "127.0.0.9" && p.Tags["dst_nat_ip"] == "127.0.0.1" && p.Tags["dst_nat_port"] == "8080");
        (points.Sum("bytes_written"), points.Sum("bytes_read")).ShouldBe((30, 50));
    }

    /// <summary>One HTTP exchange a connection.</summary>
    private sealed class TcpListenerPair(NatTopology topology, bool isIPv6) : IDisposable
    {
        private readonly Socket _listener = topology.Listen(isIPv6, isTcp: true);

        public void Exchange(bool withSourceNat)
        {
            using var client = topology.Client.Run(() =>
            {
                var socket = new Socket(isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(NatTopology.Service(isIPv6, withSourceNat), NatTopology.ServicePort);
                return socket;
            });
            using var server = _listener.Accept();
            client.Send(Encoding.ASCII.GetBytes("GET /nat HTTP/1.1\r\nHost: h\r\n\r\n"));
            server.Receive(new byte[1024]);
            server.Send(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
            client.Receive(new byte[1024]);
        }

        public void Dispose() => _listener.Dispose();
    }
}
