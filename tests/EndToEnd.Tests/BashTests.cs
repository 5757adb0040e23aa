using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.FakeDataKit;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>From a terminal to DataKit.</summary>
public sealed class BashTests
{
    [Fact]
    public async Task What_is_typed_arrives_once_in_order_and_without_its_secrets()
    {
        await using var dataKit = await DataKitServer.StartAsync();
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(
            home, "--enabled", "ebpf-bash", "--hostname", "end to end", "--tags", "env=test", "--interval", "1s", "--datakit-apiserver", $"127.0.0.1:{dataKit.Port}");
        using var bash = Terminal.Bash();
        var typed = Enumerable.Range(0, 150).Select(i => $": {i} \"quoted\" back\\slash, ünïcode `echo x`").ToList();

        foreach (var line in typed)
        {
            bash.Run(line);
        }

        bash.Run(": --password hunter2");
        (await agent.StopAsync()).Code.ShouldBe(0);

        dataKit.Accepted.Where(l => l.Line.StartsWith("bash,", StringComparison.Ordinal)).ShouldAllBe(l => l.Path == "/v1/write/logging" && l.Input == "ebpf-bash");
        var points = dataKit.Accepted.Select(l => LineParser.Parse(l.Line))
            .Where(p => p.Measurement == "bash" && (string)p.Fields["pid"] == $"{bash.Pid}").OrderBy(p => p.Time).ToList();
        points.Select(p => p.Fields["cmd"]).ShouldBe([.. typed, ": --password ******"]);
        points.ShouldAllBe(p => (string)p.Fields["user"] == "root" && p.Tags["host"] == "end to end" && p.Tags["env"] == "test" && !p.Tags.ContainsKey("source"));
        points.ShouldAllBe(p => ((string)p.Fields["message"]).EndsWith($" pid:`{bash.Pid}` user:`root` cmd:`{p.Fields["cmd"]}`", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_status_tells_what_is_attached_and_where_every_line_is()
    {
        using var home = new AgentHome();
        using var agent = await AgentProcess.StartReadyAsync(home, "--enabled", "ebpf-net,ebpf-bash", "--output", $"file:{home.Points}", "--interval", "1s");
        using var bash = Terminal.Bash();
        bash.Run("echo one");

        await Eventually.HoldsAsync(
            () => home.PointLines().Any(l => l.Contains("cmd=\"echo one\"", StringComparison.Ordinal) && l.Contains($"pid=\"{bash.Pid}\"", StringComparison.Ordinal)),
            () => string.Join('\n', home.PointLines()));
        var status = await agent.StatusAsync();
        var lines = status.StageOf("bash");

        status.PluginOf("ebpf-net").State.ShouldBe("attached");
        status.PluginOf("ebpf-bash").State.ShouldBe("attached");
        status.PluginOf("ebpf-bash").Hooks.ShouldContain(h => h.Hook == "bash-exec" && h.Rung == "tp_btf/sched_process_exec");
        status.PluginOf("ebpf-bash").Hooks.ShouldContain(h => h.Hook == "readline in /usr/bin/bash" && h.Problem.Length == 0);
        lines.Out.ShouldBeGreaterThan(0);
        lines.In.ShouldBe(lines.Out + lines.InFlight + lines.Filtered.Values.Sum() + lines.Lost.Values.Sum());

        // Whoever works on this host may type more than the kernel side has room for, or end while a line is read.
        lines.Lost.Keys.Except(["bash-ring-full", "exec-ring-full", "line-unreadable"]).ShouldBeEmpty();
        await agent.StopAsync();
    }
}
