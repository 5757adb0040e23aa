using System.Net;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>What the agent does where it may not do everything.</summary>
public sealed class RefusalTests
{
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
        net.State.ShouldBe("running");
        foreach (var hook in (string[])["packets", "tcp-accept", "udp-bind", "socket-release"])
        {
            net.Hooks.ShouldContain(h => h.Hook == hook && h.Rung == "");
            home.LogLines().Where(l => l.Contains($"no {hook}", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain(Reason);
        }

        dataKit.LastErrors.ShouldBeEmpty();
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
