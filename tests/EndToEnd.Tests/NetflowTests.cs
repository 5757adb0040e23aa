using System.Globalization;
using System.Net;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>From a socket to DataKit: the points are what the traffic was.</summary>
public sealed class NetflowTests
{
    /// <summary>The page's tags, without those of Kubernetes and of domains.</summary>
    private static readonly string[] PageTags =
    [
        "direction", "dst_ip", "dst_ip_type", "dst_nat_ip", "dst_nat_port", "dst_port", "family", "host", "pid", "process_name", "source",
        "src_ip", "src_ip_type", "src_port", "transport",
    ];

    private static readonly string[] UdpFields = ["bytes_read", "bytes_written"];
    private static readonly string[] TcpFields = [.. UdpFields, "retransmits", "rtt", "rtt_var", "tcp_closed", "tcp_established"];

    [Fact]
    public async Task What_connections_moved_over_several_flushes_is_what_DataKit_got()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--interval", "1s", "--hostname", "end-to-end", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");
        using TcpServer tcp4 = new(IPAddress.Loopback), tcp6 = new(IPAddress.IPv6Loopback);
        using UdpServer udp4 = new(IPAddress.Loopback, connected: true), udp6 = new(IPAddress.IPv6Loopback, connected: false);
        using TcpServer.TcpConversation long4 = tcp4.Connect(), long6 = tcp6.Connect();

        for (var round = 1; round <= 3; round++)
        {
            long4.Exchange(1_000_000 * round, 1);
            long6.Exchange(1, 100_000 * round);
            tcp4.Converse(round, 0);
            tcp6.Converse(0, 7_777);
            udp4.Exchange(512, 1_200);
            udp6.Exchange(1, 1_024 * round);
            await agent.FlushesAsync(1);
        }

        long4.Close();
        var flushes = (await agent.StatusAsync()).Flushes;
        (await agent.StopAsync()).Code.ShouldBe(0);

        var points = NetflowPoints.Of(dataKit);
        TcpShouldBe(points, tcp4);
        TcpShouldBe(points, tcp6);
        UdpShouldBe(points, udp4);
        UdpShouldBe(points, udp6);
        FlushesShouldShareTimestamps(points, atLeast: 3, atMost: flushes + 2);
    }

    [Fact]
    public async Task Every_point_carries_the_tags_and_fields_of_the_page()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--hostname", "end to end", "--tags", "env=test", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");
        using var tcp = new TcpServer(IPAddress.Loopback);
        using var udp = new UdpServer(IPAddress.IPv6Loopback, connected: true);

        tcp.Converse(10, 20);
        udp.Exchange(30, 40);
        await agent.StopAsync();

        dataKit.Accepted.Where(l => l.Line.StartsWith("netflow,", StringComparison.Ordinal))
            .ShouldAllBe(l => l.Path == "/v1/write/network" && l.Input == "ebpf-net/netflow");
        var points = NetflowPoints.Of(dataKit);
        points.All.ShouldAllBe(p => p.Measurement == "netflow" && p.Tags["source"] == "netflow");
        points.All.ShouldAllBe(p => p.Tags["host"] == "end to end" && p.Tags["service"] == "ebpf" && p.Tags["env"] == "test");
        points.All.ShouldAllBe(p => !PageTags.Except(p.Tags.Keys).Any());
        points.All.ShouldAllBe(p => p.Fields.Keys.Order().SequenceEqual(p.Tags["transport"] == "udp" ? UdpFields : TcpFields));
        var client = points.Clients("tcp", tcp.Port, Environment.ProcessId).All.ShouldHaveSingleItem();
        client.Tags["family"].ShouldBe("IPv4");
        (client.Tags["src_ip"], client.Tags["src_port"], client.Tags["dst_ip"]).ShouldBe(("127.0.0.1", "*", "127.0.0.1"));
        (client.Tags["dst_nat_ip"], client.Tags["dst_nat_port"]).ShouldBe(("N/A", "N/A"));
        points.Servers("udp", udp.Port, Environment.ProcessId).All.ShouldHaveSingleItem().Tags["family"].ShouldBe("IPv6");
    }

    [Fact]
    public async Task A_worker_of_a_web_server_and_a_client_that_is_gone_at_once_are_named()
    {
        using var nginx = Nginx.Start(workers: 2);
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--include-loopback", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");

        using var curl = new RunningProgram("curl", $"-s http://127.0.0.1:{nginx.Port}/");
        (await curl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("hello\n");
        Eventually.Ends(curl.Process);
        var workers = nginx.Workers();
        await agent.StopAsync();

        var points = NetflowPoints.Of(dataKit);
        var client = points.Clients("tcp", nginx.Port, curl.Id).All.ShouldHaveSingleItem();
        client.Tags["process_name"].ShouldBe("curl");
        var server = points.Servers("tcp", nginx.Port).All.ShouldHaveSingleItem();
        server.Tags["process_name"].ShouldBe("nginx");
        workers.ShouldContain(uint.Parse(server.Tags["pid"], CultureInfo.InvariantCulture));
        server.Fields["bytes_written"].ShouldBe(client.Fields["bytes_read"]);
        server.Fields["bytes_read"].ShouldBe(client.Fields["bytes_written"]);

        // The one exchange was the whole connection: both measurements must agree to the byte.
        var exchanges = NetflowPoints.Of(dataKit, "httpflow");
        foreach (var (exchange, flow) in new[]
        {
            (exchanges.Clients("tcp", nginx.Port, curl.Id).All.ShouldHaveSingleItem(), client),
            (exchanges.Servers("tcp", nginx.Port).All.ShouldHaveSingleItem(), server),
        })
        {
            exchange.Tags["pid"].ShouldBe(flow.Tags["pid"]);
            exchange.Fields["bytes_read"].ShouldBe(flow.Fields["bytes_read"]);
            exchange.Fields["bytes_written"].ShouldBe(flow.Fields["bytes_written"]);
            (exchange.Fields["method"], exchange.Fields["path"], exchange.Fields["http_version"]).ShouldBe(("GET", "/", "1.1"));
            (exchange.Fields["status_code"], exchange.Fields["count"], exchange.Fields["truncated"]).ShouldBe((200L, 1L, false));
            ((long)exchange.Fields["latency"]).ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task Sockets_of_other_network_namespaces_are_seen_without_asking_for_loopback()
    {
        var (near, far) = NetworkNamespace.Pair();
        using var nearEnd = near;
        using var farEnd = far;
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--output", $"file:{home.Points}");
        using TcpServer between = NamespaceTraffic.Server(near, far), loopback = new(IPAddress.Loopback);

        between.Converse(123_456, 654_321);
        loopback.Converse(1, 1);
        await agent.StopAsync();

        var points = NetflowPoints.Parse(home.PointLines());
        TcpShouldBe(points, between);
        points.Clients("tcp", between.Port).All.ShouldAllBe(p => p.Tags["src_ip_type"] == "private" && p.Tags["src_ip"] == "10.77.0.1");
        points.Servers("tcp", loopback.Port).All.ShouldBeEmpty();
    }

    private static void TcpShouldBe(NetflowPoints points, TcpServer sent)
    {
        var clients = points.Clients("tcp", sent.Port, Environment.ProcessId);
        var servers = points.Servers("tcp", sent.Port, Environment.ProcessId);
        (clients.Sum("bytes_written"), clients.Sum("bytes_read")).ShouldBe((sent.Requests, sent.Responses));
        (servers.Sum("bytes_read"), servers.Sum("bytes_written")).ShouldBe((sent.Requests, sent.Responses));
        (clients.Sum("tcp_established"), servers.Sum("tcp_established")).ShouldBe((sent.Connections, sent.Connections));
        (clients.Sum("tcp_closed"), servers.Sum("tcp_closed")).ShouldBe((sent.Closed, sent.Closed));
    }

    private static void UdpShouldBe(NetflowPoints points, UdpServer sent)
    {
        var clients = points.Clients("udp", sent.Port, Environment.ProcessId);
        var servers = points.Servers("udp", sent.Port, Environment.ProcessId);
        (clients.Sum("bytes_written"), clients.Sum("bytes_read")).ShouldBe((sent.Requests, sent.Responses));
        (servers.Sum("bytes_read"), servers.Sum("bytes_written")).ShouldBe((sent.Requests, sent.Responses));
    }

    /// <summary>One timestamp a flush, and a key at most once in each.</summary>
    private static void FlushesShouldShareTimestamps(NetflowPoints points, int atLeast, long atMost)
    {
        var flushes = points.All.GroupBy(p => p.Time).ToList();
        ((long)flushes.Count).ShouldBeInRange(atLeast, atMost);
        foreach (var flush in flushes)
        {
            flush.Select(p => string.Join(',', p.Tags.OrderBy(t => t.Key, StringComparer.Ordinal))).ShouldBeUnique();
        }
    }
}
