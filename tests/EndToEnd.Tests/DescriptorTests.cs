using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>An agent that may have few files open, and may not raise that.</summary>
public sealed class DescriptorTests
{
    private const string Everything = "ebpf-net,ebpf-bash,ebpf-conntrack";

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(160)]
    [InlineData(230)]
    [InlineData(511)]
    public async Task Too_few_for_the_agent_is_said_at_the_start(int limit)
    {
        using var home = new AgentHome();
        using var agent = AgentProcess.Start(
            home, ["--enabled", Everything, "--log", "stderr", "--output", $"file:{home.Points}"], Limited(limit));

        var ended = await agent.EndAsync();

        ended.Code.ShouldBe(3, ended.Error);
        ended.Error.ShouldContain($"{limit} open files are too few; allow 512 or more");
        ended.Error.ShouldNotContain("Unhandled");
    }

    [Fact]
    public async Task An_agent_that_has_used_up_its_descriptors_is_ready_answers_and_ends_as_asked()
    {
        using var namespaces = Shell.Start("bash", "-c \"for i in {1..300}; do unshare --net sleep 600 & done; echo; wait\"");
        using var home = new AgentHome();
        using var agent = AgentProcess.Start(
            home,
            ["--enabled", Everything, "--l7net-enabled", "httpflow,httpflow-tls", "--interval", "1s", "--without-hook", "nat-events:fentry", "--without-hook", "nat-events:kprobe", "--output", $"file:{home.Points}"],
            Limited(512));
        try
        {
            await agent.ReadyAsync();
            await Eventually.HoldsAsync(
                () => home.LogLines().Any(l => l.Contains("Too many open files", StringComparison.Ordinal)) && agent.OpenFiles().Count > 440,
                () => $"{agent.OpenFiles().Count} open files");

            var status = await AgentProcess.RunAsync(["status", "--status-socket", home.StatusSocket]);
            var ended = await agent.StopAsync();

            (status.Code, status.Error).ShouldBe((0, ""));
            (ended.Code, ended.Error).ShouldBe((0, ""));
        }
        finally
        {
            namespaces.Kill(entireProcessTree: true);
        }
    }

    private static string[] Limited(int files) =>
        ["prlimit", $"--nofile={files}:{files}", "setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"];
}
