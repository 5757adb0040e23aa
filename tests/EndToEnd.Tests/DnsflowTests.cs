using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>From a query to DataKit, and from a name to the connections that follow it.</summary>
public sealed class DnsflowTests : IDisposable
{
    private static readonly string[] PageTags =
    [
        "direction", "dst_ip", "dst_ip_type", "dst_port", "family", "host", "service", "source", "src_ip", "src_ip_type", "src_port", "transport",
    ];

    private static readonly string[] PageFields = ["count", "latency", "latency_max", "rcode"];

    private readonly NetworkNamespace _near;
    private readonly NetworkNamespace _far;
    private readonly Dnsmasq _server;
    private readonly AgentHome _home = new();

    public DnsflowTests()
    {
        (_near, _far) = NetworkNamespace.Pair();
        _server = Dnsmasq.Start(_far, "host-record=web.test,10.77.0.2", "cname=www.test,web.test", "host-record=page.test,192.0.2.9");
    }

    public void Dispose()
    {
        _server.Dispose();
        _home.Dispose();
        _near.Dispose();
        _far.Dispose();
    }

    [Fact]
    public async Task Queries_become_points_with_the_tags_and_fields_of_the_page()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var agent = await AgentProcess.StartReadyAsync(_home, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");

        _near.Exec("dig", "@10.77.0.2 page.test +tries=1");
        _near.Exec("dig", "@10.77.0.2 page.test +tries=1");
        _near.Exec("dig", "@10.77.0.2 nowhere.test +tries=1");
        _near.Exec("dig", "@fd77::2 page.test +tcp +tries=1");
        await agent.StopAsync();

        dataKit.Accepted.Where(l => l.Line.StartsWith("dnsflow", StringComparison.Ordinal))
            .ShouldAllBe(l => l.Path == "/v1/write/network" && l.Input == "ebpf-net/dnsflow");
        var points = NetflowPoints.Of(dataKit, "dnsflow");
        points.All.ShouldAllBe(p => p.Tags.Keys.Order().SequenceEqual(PageTags) && p.Tags["source"] == "dnsflow");
        points.All.ShouldAllBe(p => p.Fields.Keys.Order().SequenceEqual(PageFields));
        points.All.ShouldAllBe(p => (long)p.Fields["latency"] > 0 && (long)p.Fields["latency"] <= (long)p.Fields["latency_max"]);
        foreach (var side in (NetflowPoints[])[points.Clients("udp", 53), points.Servers("udp", 53)])
        {
            side.All.Select(p => ((long)p.Fields["rcode"], (long)p.Fields["count"])).Order().ShouldBe([(0, 2), (3, 1)]);
        }

        var client = points.Clients("udp", 53).All[0].Tags;
        (client["src_ip"], client["dst_ip"], client["src_port"], client["family"]).ShouldBe(("10.77.0.1", "10.77.0.2", "*", "IPv4"));
        points.Clients("tcp", 53).All.ShouldHaveSingleItem().Tags["dst_ip"].ShouldBe("fd77::2");
        points.Servers("tcp", 53).All.ShouldHaveSingleItem().Tags["src_ip"].ShouldBe("fd77::2");
    }

    [Fact]
    public async Task A_connection_carries_the_name_that_its_process_asked_for()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var nginx = Nginx.Start(workers: 1, _far);
        using var agent = await AgentProcess.StartReadyAsync(_home, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");

        _near.WithNameServer("10.77.0.2", () => _near.Exec("curl", $"-4 -s http://www.test:{nginx.Port}/").ShouldBe("hello\n"));
        _near.Exec("dig", "@10.77.0.2 www.test +tries=1");
        await agent.StopAsync();

        foreach (var measurement in (string[])["netflow", "httpflow"])
        {
            var points = NetflowPoints.Of(dataKit, measurement);
            points.Clients("tcp", nginx.Port).All.ShouldHaveSingleItem().Tags["dst_domain"].ShouldBe("www.test");
            points.Servers("tcp", nginx.Port).All.ShouldHaveSingleItem().Tags.Keys.ShouldNotContain("dst_domain");
        }

        // The server is the resolver as well: the second query went to an address with a name.
        NetflowPoints.Of(dataKit, "dnsflow").Clients("udp", 53).All.Select(p => p.Tags.GetValueOrDefault("dst_domain")).Order().ShouldBe([null, "www.test"]);
    }

    [Fact]
    public async Task Without_loopback_a_stub_resolver_s_answers_give_names_and_no_points()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var stub = Dnsmasq.Start(_near, "host-record=web.test,10.77.0.2");
        using var nginx = Nginx.Start(workers: 1, _far);
        using var agent = await AgentProcess.StartReadyAsync(_home, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");

        _near.WithNameServer("127.0.0.53", () => _near.Exec("curl", $"-4 -s http://web.test:{nginx.Port}/").ShouldBe("hello\n"));
        await agent.StopAsync();

        NetflowPoints.Of(dataKit, "dnsflow").All.ShouldBeEmpty();
        NetflowPoints.Of(dataKit).Clients("tcp", nginx.Port).All.ShouldHaveSingleItem().Tags["dst_domain"].ShouldBe("web.test");
    }

    [Fact]
    public async Task A_query_that_nobody_answers_times_out_and_names_are_tags_when_they_are_asked_for()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var agent = await AgentProcess.StartReadyAsync(
            _home, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}", "--interval", "1s", "--dns-timeout", "300ms", "--dns-query-tags",
            "--dns-names-per-flow", "1");
        _server.Stop();

        // The same socket and id: one query that was asked twice.
        _near.Exec("sh", "-c \"dig @10.77.0.2 Lost.test AAAA +tries=2 +time=1; true\"");
        await Eventually.HoldsAsync(() => NetflowPoints.Of(dataKit, "dnsflow").All.Count > 0);
        await agent.StopAsync();

        var points = NetflowPoints.Of(dataKit, "dnsflow").Clients("udp", 53).All;
        points.ShouldAllBe(p => p.Tags["query_name"] == "lost.test" && p.Tags["query_type"] == "AAAA" && p.Tags["dst_ip"] == "10.77.0.2");
        points.ShouldAllBe(p => (long)p.Fields["rcode"] == -1 && (long)p.Fields["latency"] == 0 && (long)p.Fields["latency_max"] == 0);
        points.Sum(p => (long)p.Fields["count"] + (long)p.Fields["retries"]).ShouldBe(2);
    }
}
