using System.Net;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>What the agent does where it may not do everything.</summary>
public sealed class RefusalTests
{
    private const string LeftOut = "left out by without_hooks";

    /// <summary>
    /// A mount namespace of its own without any cgroup2, and no right to mount one: enough to load programs, too little to
    /// find the host's sockets. Ends by executing what follows.
    /// </summary>
    private static readonly string[] WithoutCgroup2 =
    [
        "unshare", "--mount", "sh", "-c",
        "awk '$3 == \"cgroup2\" { print $2 }' /proc/self/mounts | xargs -r -n 1 umount --lazy && exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \"$@\"",
        "sh",
    ];

    [Fact]
    public async Task Without_any_cgroup2_connections_are_told_and_the_log_says_what_is_not()
    {
        const string Reason = "open the cgroup2 root (mounted privately): Operation not permitted";
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = AgentProcess.Start(
            home, ["--include-loopback", "--interval", "1s", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}"], WithoutCgroup2);
        using var tcp = new TcpServer(IPAddress.Loopback);

        await agent.ReadyAsync();
        tcp.Converse(1_000, 2_000);
        await Eventually.HoldsAsync(
            () => NetflowPoints.Of(dataKit).Clients("tcp", tcp.Port).Sum("bytes_written") == 1_000 && NetflowPoints.Of(dataKit).Servers("tcp", tcp.Port).Sum("bytes_written") == 2_000,
            () => string.Join('\n', home.LogLines()));

        var net = (await agent.StatusAsync()).PluginOf("ebpf-net");
        net.State.ShouldBe("attached");
        foreach (var hook in (string[])["packets", "tcp-accept", "udp-bind", "socket-release"])
        {
            net.Hooks.ShouldContain(h => h.Hook == hook && h.Rung == "");
            home.LogLines().Where(l => l.Contains($"no {hook}", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain(Reason);
        }

        dataKit.LastErrors.ShouldBeEmpty();
        (await agent.StopAsync()).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Without_cgroup2_the_rest_is_collected_and_a_mount_that_comes_later_is_used()
    {
        const string Reason = "open the cgroup2 root (mounted privately): Operation not permitted";
        using var home = new AgentHome();
        using var agent = AgentProcess.Start(home, ["--output", $"file:{home.Points}"], WithoutCgroup2);
        await agent.ReadyAsync();

        var net = (await agent.StatusAsync()).PluginOf("ebpf-net");
        net.State.ShouldBe("attached");
        net.Hooks.Single(h => h.Hook == "tcp-state").Rung.ShouldNotBeEmpty();
        var packets = net.Hooks.Single(h => h.Hook == "packets");
        (packets.Rung, packets.Problem).ShouldBe(("", "no UDP flows, no dnsflow, no httpflow"));
        packets.Refused.Values.ShouldContain(r => r.Contains(Reason, StringComparison.Ordinal));
        home.LogLines().Where(l => l.Contains("no packets", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            l => l.ShouldContain("WARN"), l => l.ShouldContain(Reason), l => l.ShouldContain("no UDP flows, no dnsflow, no httpflow"));

        Shell.Run("nsenter", $"--target {agent.Id} --mount mount -t cgroup2 cgroup2 /sys/fs/cgroup");

        await Eventually.HoldsAsync(
            async () => (await agent.StatusAsync()).PluginOf("ebpf-net") is { State: "attached" } now && now.Hooks.Any(h => h.Hook == "packets" && h.Rung.Length > 0),
            () => string.Join('\n', home.LogLines()));
        home.LogLines().ShouldContain(l => l.Contains("INFO", StringComparison.Ordinal) && l.Contains("Plugin net starts anew: the cgroup2 root can be opened now", StringComparison.Ordinal));
        home.LogLines().ShouldNotContain(l => l.Contains("ERROR", StringComparison.Ordinal) || l.Contains("   at ", StringComparison.Ordinal));
        (await agent.StopAsync()).Code.ShouldBe(0);
    }

    [Fact]
    public async Task What_the_user_leaves_out_is_not_attached_and_no_warning()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--output", $"file:{home.Points}", "--enabled", "ebpf-net,ebpf-conntrack", "--without-hook", "udp-refused,tcp-state:tp_btf", "--without-hook", "nat-events");

        var status = await agent.StatusAsync();
        var hooks = status.PluginOf("ebpf-net").Hooks.Concat(status.PluginOf("ebpf-conntrack").Hooks).ToDictionary(h => h.Hook);
        hooks["udp-refused"].Rung.ShouldBeEmpty();
        hooks["udp-refused"].Problem.ShouldBe("datagrams that a full socket buffer refused count as received");
        hooks["udp-refused"].Refused.ShouldBe(new Dictionary<string, string> { ["tp_btf"] = LeftOut });
        hooks["tcp-state"].Rung.ShouldNotBeEmpty();
        hooks["tcp-state"].Refused["tp_btf"].ShouldBe(LeftOut);
        hooks["nat-events"].Rung.ShouldBeEmpty();
        string[] leftOut = ["udp-refused", "tcp-state", "nat-events"];
        var lines = home.LogLines().Where(l => l.Contains(LeftOut, StringComparison.Ordinal)).ToList();
        leftOut.ShouldAllBe(hook => lines.Any(l => l.Contains($" {hook}", StringComparison.Ordinal)));
        lines.ShouldAllBe(l => l.Contains("INFO", StringComparison.Ordinal));
        (await agent.StopAsync()).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Without_root_one_line_says_what_is_missing()
    {
        using var home = new AgentHome();
        home.OpenToEverybody();

        var ended = await AgentProcess.RunAsync(home.Run(), ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);

        (ended.Code, ended.Output).ShouldBe((3, ""));
        ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldContain("run as root");
        File.Exists(home.PidFile).ShouldBeFalse();
    }
}
