using EbpfActors.EndToEnd.Tests.Agent;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>An agent whose control group allows little memory, that of the kernel's tables included.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly string? _group = Make();

    public void Dispose()
    {
        if (_group is not null)
        {
            Eventually.Succeeds<IOException>(() => Directory.Delete(_group)); // a process that ended is not gone at once
        }
    }

    [Fact]
    public async Task With_150_MB_every_plugin_starts_and_tables_are_as_large_as_that_allows()
    {
        Assert.SkipWhen(_group is null, "this machine has no memory controller to use");
        using var home = new AgentHome();
        using var agent = AgentProcess.Start(
            home,
            ["--enabled", "ebpf-net,ebpf-bash,ebpf-conntrack", "--l7net-enabled", "httpflow,httpflow-tls", "--interval", "1s", "--output", $"file:{home.Points}"],
            ["sh", "-c", $"echo $$ > {_group}/cgroup.procs && exec \"$@\"", "sh"]);

        await agent.ReadyAsync();
        await agent.FlushesAsync(2);
        var text = await AgentProcess.RunAsync(["status", "--status-socket", home.StatusSocket]);
        var status = await agent.StatusAsync();
        var ended = await agent.StopAsync();

        (ended.Code, ended.Error).ShouldBe((0, ""));
        text.Output.ShouldContain("max_connections is 10240, not 262144: the control group allows 150MiB of memory");
        home.LogLines().ShouldContain(l => l.Contains("max_connections is 10240, not 262144", StringComparison.Ordinal));
        status.Plugins.Count(p => p.Name.StartsWith("ebpf-", StringComparison.Ordinal) && p.State == "attached").ShouldBe(3);
        status.Limits.ShouldContain(l => l.Size == 2 * 10_240);
    }

    /// <summary>Null where neither hierarchy has the controller, or this process may not make a group.</summary>
    private static string? Make()
    {
        foreach (var (root, file) in (ReadOnlySpan<(string, string)>)[("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")])
        {
            var group = $"{root}/ebpf-actors-test-{Environment.ProcessId}";
            try
            {
                if (File.Exists($"{root}/memory.stat"))
                {
                    Directory.CreateDirectory(group);
                    File.WriteAllText($"{group}/{file}", $"{150 << 20}");
                    return group;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (Directory.Exists(group))
                {
                    Directory.Delete(group);
                }
            }
        }

        return null;
    }
}
