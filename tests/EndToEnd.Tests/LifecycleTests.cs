using System.Net;
using System.Text.RegularExpressions;
using EbpfActors.Agent.Tests;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>How the process starts, is told things and ends.</summary>
public sealed partial class LifecycleTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_the_agent_with_a_last_flush_and_nothing_left(string signal)
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var systemd = new NotifySocket(home["notify"]);
        using var agent = AgentProcess.Start(
            home, ["--include-loopback", "--interval", "30m", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}"], notifySocket: home["notify"]);
        await agent.ReadyAsync();
        (await systemd.ReceiveAsync()).ShouldStartWith("READY=1");
        var programs = agent.Programs();
        using var tcp = new TcpServer(IPAddress.Loopback);
        using var open = tcp.Connect();

        tcp.Converse(1_000, 2_000);
        open.Exchange(10, 20);
        var ended = await agent.StopAsync(signal);

        ended.Code.ShouldBe(0, ended.Error);
        ended.After.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        (await systemd.ReceiveAsync()).ShouldBe("STOPPING=1");
        var clients = NetflowPoints.Of(dataKit).Clients("tcp", tcp.Port, Environment.ProcessId);
        (clients.Sum("bytes_written"), clients.Sum("bytes_read")).ShouldBe((1_010, 2_020));
        (clients.Sum("tcp_established"), clients.Sum("tcp_closed")).ShouldBe((2, 1));
        File.Exists(home.PidFile).ShouldBeFalse();
        File.Exists(home.StatusSocket).ShouldBeFalse();
        programs.Count.ShouldBeGreaterThan(5);
        LoadedPrograms.AreGone(programs);
    }

    [Fact]
    public async Task The_log_says_once_that_the_agent_is_ready_and_which_hooks_each_plugin_has()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--output", $"file:{home.Points}");
        var hooks = (await agent.StatusAsync()).PluginOf("ebpf-net").Hooks;
        await agent.StopAsync();

        var log = home.LogLines();
        log.Count(l => Ready().IsMatch(l)).ShouldBe(1);
        log.Single(l => Ready().IsMatch(l)).ShouldMatch(@"ready after \d+ ms");
        var plugin = log.Where(l => l.Contains("Plugin net attached", StringComparison.Ordinal)).ShouldHaveSingleItem();
        hooks.ShouldNotBeEmpty();
        hooks.ShouldAllBe(h => plugin.Contains($"{h.Hook} by {h.Rung}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_instance_is_refused_with_the_pid_of_the_first()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--output", $"file:{home.Points}");

        var second = await AgentProcess.RunAsync(
            ["run", "--pidfile", home.PidFile, "--status-socket", home["other"], "--log", "stderr", "--output", "stdout"]);

        second.Code.ShouldBe(1);
        second.Output.ShouldBeEmpty();
        second.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldContain($"{agent.Id}");
        (await agent.StatusAsync()).Pid.ShouldBe(agent.Id);
        (await File.ReadAllTextAsync(home.PidFile, TestContext.Current.CancellationToken)).ShouldBe($"{agent.Id}");
    }

    [Fact]
    public async Task SIGHUP_opens_the_log_anew_after_it_was_moved()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--output", $"file:{home.Points}");
        File.Move(home.Log, home["log.1"]);

        agent.Signal("HUP");
        await Eventually.HoldsAsync(() => File.Exists(home.Log), () => "no new log");
        await Eventually.HoldsAsync(() => !agent.OpenFiles().Contains(home["log.1"]), () => string.Join('\n', agent.OpenFiles()));
        var before = await File.ReadAllLinesAsync(home["log.1"], TestContext.Current.CancellationToken);
        await agent.StopAsync();

        home.LogLines().ShouldContain(l => l.Contains("Stopping", StringComparison.Ordinal));
        (await File.ReadAllLinesAsync(home["log.1"], TestContext.Current.CancellationToken)).ShouldBe(before);
    }

    [Fact]
    public async Task A_flood_of_SIGHUP_leaves_the_agent_answering_and_it_ends_on_SIGTERM()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--interval", "1s", "--output", $"file:{home.Points}");

        Shell.Run("bash", $"-c \"for i in {{1..300}}; do kill -HUP {agent.Id}; sleep 0; done\"");
        var status = await agent.StatusAsync();
        await agent.FlushesAsync(2);
        var ended = await agent.StopAsync();

        status.Pid.ShouldBe(agent.Id);
        ended.Code.ShouldBe(0, ended.Error);
        home.LogLines().ShouldContain(l => l.Contains("opened anew", StringComparison.Ordinal));
    }

    /// <summary>The kernel allows a million. Linux 5.10 goes through half as many again as this one, and each takes its time at the start.</summary>
    [Fact]
    public async Task No_program_needs_half_of_what_the_verifier_allows()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--enabled", "ebpf-net,ebpf-bash,ebpf-conntrack", "--l7net-enabled", "httpflow,httpflow-tls", "--output", $"file:{home.Points}");

        var programs = agent.VerifiedInstructions();

        programs.Count.ShouldBeGreaterThan(15);
        programs.Max().ShouldBeInRange(1, 400_000);
    }

    [GeneratedRegex(@"\bready\b")]
    private static partial Regex Ready();
}
