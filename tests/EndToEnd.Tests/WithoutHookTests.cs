using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Probes.Hooks;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>An agent without one hook of ebpf-net: its log says so in one line, and the points lack what the hook gives and nothing else.</summary>
public sealed class WithoutHookTests
{
    private const string Request = "GET /without HTTP/1.1\r\n\r\n";
    private const string Response = "HTTP/1.1 204 No Content\r\n\r\n";

    /// <summary>Which kinds of points are lost: tcp, udp, http.</summary>
    public static TheoryData<string, string[]> Hooks => new()
    {
        { NetHooks.TcpState.Name, ["tcp", "http"] },
        { NetHooks.Sweep.Name, ["udp"] },
        { NetHooks.Adopt.Name, [] },
        { NetHooks.Packets.Name, ["udp", "http"] },
        { NetHooks.UdpRefused.Name, [] },
        { NetHooks.TcpAccept.Name, [] },
        { NetHooks.UdpBind.Name, [] },
        { NetHooks.SocketRelease.Name, [] },
    };

    [Theory]
    [MemberData(nameof(Hooks))]
    public async Task The_points_lack_what_the_hook_gives_and_nothing_else(string hook, string[] lost)
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--without-hook", hook, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");
        using var tcp = new TcpServer(IPAddress.Loopback);
        using var udp = new UdpServer(IPAddress.IPv6Loopback, connected: true);
        using var http = TcpServer.Listen(IPAddress.Loopback);

        tcp.Converse(1_000, 20_000);
        udp.Exchange(300, 400);
        AskOnce(http);
        (await agent.StopAsync()).Code.ShouldBe(0);

        var points = NetflowPoints.Of(dataKit);
        var port = ((IPEndPoint)http.LocalEndPoint!).Port;
        var isLost = (string kind) => lost.Contains(kind);
        Sides(points, "tcp", tcp.Port).ShouldBe(isLost("tcp") ? (0, 0, 0, 0) : (1_000, 20_000, 20_000, 1_000));
        Sides(points, "udp", udp.Port).ShouldBe(isLost("udp") ? (0, 0, 0, 0) : (300, 400, 400, 300));
        var exchanges = NetflowPoints.Of(dataKit, "httpflow");
        (exchanges.Clients("tcp", port).Sum("count"), exchanges.Servers("tcp", port).Sum("count")).ShouldBe(isLost("http") ? (0, 0) : (1, 1));
        var lines = home.LogLines().Where(l => l.Contains($"no {hook}", StringComparison.Ordinal)).ToList();
        lines.ShouldHaveSingleItem().ShouldContain(HookCatalogue.All.Single(h => h.Name == hook).Without);
    }

    /// <summary>Bytes written and read by the client, then by the server.</summary>
    private static (long, long, long, long) Sides(NetflowPoints points, string transport, int port)
    {
        var (client, server) = (points.Clients(transport, port), points.Servers(transport, port));
        return (client.Sum("bytes_written"), client.Sum("bytes_read"), server.Sum("bytes_written"), server.Sum("bytes_read"));
    }

    private static void AskOnce(Socket listener)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        using var server = listener.Accept();
        Say(client, server, Request);
        Say(server, client, Response);
    }

    private static void Say(Socket from, Socket to, string text)
    {
        from.Send(Encoding.ASCII.GetBytes(text));
        var buffer = new byte[text.Length];
        for (var left = text.Length; left > 0;)
        {
            var got = to.Receive(buffer, left, SocketFlags.None);
            left -= got > 0 ? got : throw new EndOfStreamException($"{left} bytes are missing");
        }
    }
}
