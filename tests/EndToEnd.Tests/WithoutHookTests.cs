using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>An agent without one hook of ebpf-net: its log says so in one line, and the points lack what the hook gives and nothing else.</summary>
public sealed class WithoutHookTests
{
    private const string Request = "GET /without HTTP/1.1\r\n\r\n";
    private const string Response = "HTTP/1.1 204 No Content\r\n\r\n";
    private static (long, long, long, long) Nothing => default;

    /// <summary>A hook, what the agent says is lost without it, and which kinds of points are: tcp, udp, http.</summary>
    public static TheoryData<string, string, string[]> Hooks => new()
    {
        { "tcp-state", "no TCP connection is reported, no httpflow", ["tcp", "http"] },
        { "sweep", "connections are reported when they are closed, UDP flows never", ["udp"] },
        { "adopt", "connections older than the agent are not reported", [] },
        { "packets", "no UDP flows, no dnsflow, no httpflow", ["udp", "http"] },
        { "udp-refused", "datagrams that a full socket buffer refused count as received", [] },
        { "tcp-accept", "the process of an accepted connection is the one that holds the socket at the next flush", [] },
        { "udp-bind", "the process of a UDP server is known once it answers", [] },
        { "socket-release", "UDP flows end by being idle, not when their socket is closed", [] },
    };

    [Theory]
    [MemberData(nameof(Hooks))]
    public async Task The_points_lack_what_the_hook_gives_and_nothing_else(string hook, string without, string[] lost)
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--interval", "1s", "--without-hook", hook, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");
        using var tcp = new TcpServer(IPAddress.Loopback);
        using var udp = new UdpServer(IPAddress.IPv6Loopback, connected: true);
        using var http = TcpServer.Listen(IPAddress.Loopback);
        var expected = Expected(lost);

        tcp.Converse(1_000, 20_000);
        udp.Exchange(300, 400);
        AskOnce(http);
        await Eventually.HoldsAsync(() => Told() == expected, () => $"{Told()} where it was {expected}");
        await agent.FlushesAsync(2);
        (await agent.StopAsync()).Code.ShouldBe(0);

        Told().ShouldBe(expected);
        var lines = home.LogLines().Where(l => l.Contains($"no {hook}", StringComparison.Ordinal)).ToList();
        lines.ShouldHaveSingleItem().ShouldContain(without);

        string Told()
        {
            var (points, exchanges) = (NetflowPoints.Of(dataKit), NetflowPoints.Of(dataKit, "httpflow"));
            var port = ((IPEndPoint)http.LocalEndPoint!).Port;
            return $"tcp {Sides(points, "tcp", tcp.Port)} udp {Sides(points, "udp", udp.Port)} "
                + $"http {(exchanges.Clients("tcp", port).Sum("count"), exchanges.Servers("tcp", port).Sum("count"))}";
        }
    }

    private static string Expected(string[] lost) =>
        $"tcp {(lost.Contains("tcp") ? Nothing : (1_000, 20_000, 20_000, 1_000))} udp {(lost.Contains("udp") ? Nothing : (300, 400, 400, 300))} "
            + $"http {(lost.Contains("http") ? (0, 0) : (1, 1))}";

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
