using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>What <c>ebpf-actors status</c> tells, and to whom.</summary>
public sealed partial class StatusTests
{
    private static readonly string[] AsNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    [Fact]
    public async Task The_ledger_adds_up_and_agrees_with_DataKit()
    {
        var (near, far) = NetworkNamespace.Pair();
        using var nearEnd = near;
        using var farEnd = far;
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--interval", "1s", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}", "--output", $"datakit,file:{home.Points}");
        using TcpServer reported = NamespaceTraffic.Server(near, far), leftOut = new(IPAddress.Loopback);

        for (var i = 0; i < 10; i++)
        {
            reported.Converse(10, 20);
            leftOut.Converse(10, 20);
        }

        var status = await agent.StatusAsync();
        await Eventually.HoldsAsync(
            async () => (status = await agent.StatusAsync()).StageOf("datakit") is { In: >= 2 } datakit
                && datakit.Out == datakit.In
                && datakit.Out == dataKit.Accepted.Count
                && status.StageOf("output file:" + home.Points).Out == datakit.Out
                && status.StageOf("flows") is { InFlight: 0 },
            () => status.ToString());

        status.Ledger.ShouldAllBe(s => s.InFlight >= 0 && s.In == s.Out + s.Filtered.Values.Sum() + s.Lost.Values.Sum() + s.InFlight);
        status.StageOf("flows").Out.ShouldBeGreaterThanOrEqualTo(20);
        status.StageOf("flows").Filtered["loopback"].ShouldBeGreaterThanOrEqualTo(20);
        status.StageOf("kernel").Out.ShouldBeGreaterThanOrEqualTo(status.StageOf("flows").In);
        status.WriterState.ShouldBe("healthy");
        status.Writer("postedPoints").ShouldBe(status.StageOf("datakit").Out);
        (status.Writer("rejectedPoints"), status.Writer("droppedPoints")).ShouldBe((0, 0));
        status.Limits.ShouldContain(l => l.Size >= 262_144 && l.Used <= l.Size);
    }

    [Fact]
    public async Task The_agents_own_posts_to_a_local_DataKit_are_not_reported_and_counted()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--interval", "1s", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}", "--output", $"datakit,file:{home.Points}");
        using var tcp = new TcpServer(IPAddress.Loopback);
        tcp.Converse(10, 20);

        StatusDocument status = await agent.StatusAsync();
        await Eventually.HoldsAsync(
            async () => (status = await agent.StatusAsync()).StageOf("http").Filtered.GetValueOrDefault("collector") >= 2, () => status.ToString());

        home.PointLines().ShouldNotContain(l => l.StartsWith("httpflow", StringComparison.Ordinal) && l.Contains($"pid={agent.Id},", StringComparison.Ordinal));
    }

    [Fact]
    public async Task People_and_programs_are_told_the_same()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");

        var json = await AgentProcess.RunAsync(["status", "--json", "--status-socket", home.StatusSocket]);
        var text = await AgentProcess.RunAsync(["status", "--status-socket", home.StatusSocket]);

        (json.Code, json.Error, text.Code, text.Error).ShouldBe((0, "", 0, ""));
        var status = StatusDocument.Parse(json.Output);
        text.Output.ShouldContain($"pid {agent.Id},");
        status.Pid.ShouldBe(agent.Id);
        status.PluginOf("ebpf-net").State.ShouldBe("attached");
        status.Plugins.ShouldAllBe(p => text.Output.Contains(p.Name, StringComparison.Ordinal) && p.Problem.Length == 0);
        var hooks = status.PluginOf("ebpf-net").Hooks;
        hooks.Count.ShouldBeGreaterThan(1);
        hooks.ShouldAllBe(h => h.Rung.Length > 0 || h.Problem.Length > 0);
        hooks.ShouldAllBe(h => text.Output.Contains(h.Hook, StringComparison.Ordinal) && text.Output.Contains(h.Rung, StringComparison.Ordinal));
        status.Ledger.ShouldAllBe(s => text.Output.Contains(s.Name, StringComparison.Ordinal));
        text.Output.ShouldContain("DataKit");
        text.Output.ShouldContain("Limits");
    }

    [Fact]
    public async Task Other_users_get_no_answer_even_when_they_may_connect()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--output", $"file:{home.Points}");
        string[] ask = ["status", "--status-socket", home.StatusSocket];
        home.OpenToEverybody();

        var kept = await AgentProcess.RunAsync(ask, AsNobody);
        File.SetUnixFileMode(home.StatusSocket, (UnixFileMode)0b110_110_110);
        var refused = await AgentProcess.RunAsync(ask, AsNobody);

        (kept.Code, kept.Output).ShouldBe((1, ""));
        kept.Error.ShouldContain("no permission to ask");
        (refused.Code, refused.Output).ShouldBe((1, ""));
        refused.Error.ShouldContain("gave no answer; ask as root");
        (await AgentProcess.RunAsync(ask)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Without_an_agent_the_question_fails_with_one_line()
    {
        using var home = new AgentHome();

        var asked = await AgentProcess.RunAsync(["status", "--status-socket", home.StatusSocket]);

        asked.Code.ShouldBe(1);
        asked.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldContain("no agent is running");
    }

    [Fact]
    public async Task Connections_past_the_limit_are_counted_in_the_status_and_reported_within_the_minute()
    {
        const int Limit = 16;
        const int Connections = 60;
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--include-loopback", "--interval", "1s", "--max-connections", $"{Limit}", "--output", $"file:{home.Points}");
        using var tcp = new TcpServer(IPAddress.Loopback);
        var open = Enumerable.Range(0, Connections).Select(_ => tcp.Connect()).ToList();
        const int NotTracked = (2 * Connections) - Limit;

        var status = await agent.StatusAsync();
        await Eventually.HoldsAsync(
            async () => (status = await agent.StatusAsync()).StageOf("kernel").Lost.GetValueOrDefault("tcp-table-full") >= NotTracked,
            () => status.ToString());

        // On a machine that is busy the minute may end before all of them have connected: then a second report has the rest.
        await Eventually.HoldsAsync(
            () => home.LogLines().SelectMany(l => ReportedLoss().Matches(l)).Sum(m => long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)) >= NotTracked,
            () => string.Join('\n', home.LogLines()),
            TimeSpan.FromMinutes(1) + Eventually.Patience);
        var points = NetflowPoints.Parse(home.PointLines());
        (points.Clients("tcp", tcp.Port).Sum("tcp_established") + points.Servers("tcp", tcp.Port).Sum("tcp_established")).ShouldBeLessThanOrEqualTo(Limit);
        open.ForEach(c => c.Dispose());
    }

    [GeneratedRegex(@"Lost since the last report: .*?(\d+) records of kernel \(tcp-table-full\)")]
    private static partial Regex ReportedLoss();
}
