using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests.Smoke;

/// <summary>
/// Everything once, with counts: what is run on every kernel of <c>tests/kernels</c>. <see cref="SmokeExpectations"/> says what is asked
/// for on this one.
/// </summary>
public sealed class SmokeTests(SmokeRun run) : IClassFixture<SmokeRun>
{
    [Fact]
    public void Tcp_bytes_and_connections_are_exact_on_both_sides_in_both_families()
    {
        Needs(SmokeKind.Tcp);
        var points = run.Points("netflow");
        foreach (var sent in run.Tcp)
        {
            var (clients, servers) = (points.Clients("tcp", sent.Port), points.Servers("tcp", sent.Port));
            (clients.Sum("bytes_written"), clients.Sum("bytes_read")).ShouldBe((sent.Requests, sent.Responses));
            (servers.Sum("bytes_read"), servers.Sum("bytes_written")).ShouldBe((sent.Requests, sent.Responses));
            foreach (var side in (NetflowPoints[])[clients, servers])
            {
                (side.Sum("tcp_established"), side.Sum("tcp_closed")).ShouldBe((sent.Connections, sent.Closed));
                side.All.ShouldAllBe(p => p.Tags["pid"] == $"{Environment.ProcessId}");
            }
        }
    }

    [Fact]
    public void Udp_bytes_are_exact_on_both_sides_in_both_families()
    {
        Needs(SmokeKind.Udp);
        var points = run.Points("netflow");
        foreach (var sent in run.Udp)
        {
            var (clients, servers) = (points.Clients("udp", sent.Port), points.Servers("udp", sent.Port));
            (clients.Sum("bytes_written"), clients.Sum("bytes_read")).ShouldBe((sent.Requests, sent.Responses));
            (servers.Sum("bytes_read"), servers.Sum("bytes_written")).ShouldBe((sent.Requests, sent.Responses));
        }
    }

    [Fact]
    public void Http_requests_are_counted_once_on_both_sides_and_their_bytes_are_those_of_the_connection()
    {
        Needs(SmokeKind.Http);
        HttpShouldBe(run.HttpPort, "/plain");
        var (flows, exchanges) = (run.Points("netflow"), run.Points("httpflow"));
        exchanges.Clients("tcp", run.HttpPort).Sum("bytes_written").ShouldBe(flows.Clients("tcp", run.HttpPort).Sum("bytes_written"));
        exchanges.Clients("tcp", run.HttpPort).Sum("bytes_read").ShouldBe(flows.Clients("tcp", run.HttpPort).Sum("bytes_read"));
    }

    [Fact]
    public void Https_requests_are_counted_once_on_both_sides()
    {
        Needs(SmokeKind.Https);
        HttpShouldBe(run.HttpsPort, "/secure");
    }

    [Fact]
    public void Dns_queries_are_counted_once_on_both_sides_by_response_code()
    {
        Needs(SmokeKind.Dns);
        var points = run.Points("dnsflow");
        foreach (var side in (NetflowPoints[])[points.Clients("udp", 53), points.Servers("udp", 53)])
        {
            new NetflowPoints(side.All.Where(p => (long)p.Fields["rcode"] == 0)).Sum("count").ShouldBe(3);
            new NetflowPoints(side.All.Where(p => (long)p.Fields["rcode"] == 3)).Sum("count").ShouldBe(1);
            side.Sum("count").ShouldBe(SmokeRun.Names.Length);
        }
    }

    [Fact]
    public void Commands_of_a_shell_arrive_once_and_in_order()
    {
        Needs(SmokeKind.Bash);
        run.BashPoints().Select(p => p.Fields["cmd"]).ShouldBe(SmokeRun.Commands);
    }

    [Fact]
    public void Translated_connections_carry_the_backend_and_exact_bytes()
    {
        Needs(SmokeKind.Nat);
        foreach (var isIPv6 in (bool[])[false, true])
        {
            var service = NatTopology.Service(isIPv6, withSourceNat: false).ToString();
            var clients = new NetflowPoints(run.Points("netflow").Clients("tcp", NatTopology.ServicePort).All.Where(p => p.Tags["dst_ip"] == service));
            clients.Sum("tcp_closed").ShouldBe(SmokeRun.NatConnections);
            clients.Sum("bytes_written").ShouldBe(SmokeRun.NatConnections * SmokeRun.NatBytes.Request);
            clients.Sum("bytes_read").ShouldBe(SmokeRun.NatConnections * SmokeRun.NatBytes.Response);
            clients.All.ShouldAllBe(p => p.Tags["dst_nat_ip"] == NatTopology.Backend(isIPv6).ToString()
                && p.Tags["dst_nat_port"] == $"{NatTopology.BackendPort}");
        }
    }

    [Fact]
    public void The_status_says_what_is_attached_and_what_is_missing_and_why()
    {
        var said = run.Status.ToString();
        foreach (var plugin in run.Expected.Plugins)
        {
            run.Status.PluginOf(plugin).State.ShouldBe("attached", said);
        }

        foreach (var missing in run.Expected.Missing)
        {
            var (name, hook) = missing.Split('/') is [var p, var h] ? (p, h) : (missing, null);
            var plugin = run.Status.PluginOf(name);
            if (hook is null)
            {
                plugin.State.ShouldBe("failed", said);
                plugin.Problem.ShouldNotBeEmpty(said);
            }
            else
            {
                plugin.Hooks.ShouldContain(x => x.Hook == hook && x.Rung.Length == 0 && x.Problem.Length > 0, said);
            }
        }
    }

    [Fact]
    public void The_agent_ends_when_it_is_told_to() => run.Ended.Code.ShouldBe(0, run.Ended.Error);

    private void HttpShouldBe(int port, string path)
    {
        var exchanges = run.Points("httpflow");
        foreach (var side in (NetflowPoints[])[exchanges.Clients("tcp", port), exchanges.Servers("tcp", port)])
        {
            side.Sum("count").ShouldBe(SmokeRun.Requests);
            side.All.ShouldAllBe(p => (string)p.Fields["method"] == "GET" && (string)p.Fields["path"] == path && (long)p.Fields["status_code"] == 200);
        }

        exchanges.Clients("tcp", port).All.ShouldAllBe(p => p.Tags["process_name"] == "curl");
        exchanges.Servers("tcp", port).All.ShouldAllBe(p => p.Tags["process_name"] == "nginx");
    }

    private void Needs(SmokeKind kind) =>
        Assert.SkipUnless(run.Expected.Exact.Contains(kind), $"{kind} is not expected with lockdown={run.Expected.Lockdown}; the status must say so");
}
