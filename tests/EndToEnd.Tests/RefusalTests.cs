using EbpfActors.EndToEnd.Tests.Agent;
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
    public async Task A_plugin_that_may_not_attach_is_reported_everywhere_and_the_agent_runs_on()
    {
        const string Reason = "open the cgroup2 root (mounted privately): Operation not permitted";
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = AgentProcess.Start(home, ["--datakit-apiserver", $"127.0.0.1:{dataKit.Port}"], WithoutCgroup2);

        await agent.ReadyAsync();
        await Eventually.HoldsAsync(() => dataKit.LastErrors.Count > 0, () => string.Join('\n', home.LogLines()));

        var net = (await agent.StatusAsync()).PluginOf("ebpf-net");
        net.State.ShouldBe("failed");
        net.Problem.ShouldContain(Reason);
        dataKit.LastErrors.ShouldHaveSingleItem().ShouldContain(Reason);
        home.LogLines().ShouldContain(l => l.Contains("ERROR", StringComparison.Ordinal) && l.Contains(Reason, StringComparison.Ordinal));
        agent.Programs().ShouldBeEmpty();
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
