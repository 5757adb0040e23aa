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
        status.PluginOf("ebpf-conntrack").Hooks.ShouldContain(h => h.Hook == "nat-events" && h.Rung.StartsWith("netlink in ", StringComparison.Ordinal));
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
