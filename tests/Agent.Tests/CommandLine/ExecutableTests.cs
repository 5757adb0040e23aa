using System.Text.Json;
using System.Text.RegularExpressions;
using EbpfActors.Agent.Host;
using EbpfActors.Agent.Status;
using EbpfActors.Agent.Tests.Configuration;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Tests.CommandLine;

public sealed class ExecutableTests
{
    [Fact]
    public async Task Help_teaches_with_examples_and_succeeds()
    {
        var (code, output, _) = await AgentProcess.RunAsync("--help");

        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("sudo ebpf-actors run --output table", output, StringComparison.Ordinal);
        Assert.Contains("--max-connections", output, StringComparison.Ordinal);
        Assert.Contains("--http-paths-per-flow", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_names_the_version_and_the_platform(string argument)
    {
        var (code, output, _) = await AgentProcess.RunAsync(argument);

        Assert.Equal(ExitCode.Ok, code);
        Assert.Matches(@"^ebpf-actors version \d+\.\d+\.\d+\S* linux/amd64\n$", output);
    }

    [Fact]
    public async Task Hooks_lists_each_hook_with_its_rungs_for_people_and_for_programs()
    {
        var (code, text, _) = await AgentProcess.RunAsync("hooks");
        var (jsonCode, json, _) = await AgentProcess.RunAsync("hooks", "--json");

        Assert.Equal((ExitCode.Ok, ExitCode.Ok), (code, jsonCode));
        using var document = JsonDocument.Parse(json);
        var listed = document.RootElement.EnumerateArray().Select(h => (
            h.GetProperty("name").GetString()!,
            h.GetProperty("without").GetString()!,
            string.Join(',', h.GetProperty("rungs").EnumerateArray().Select(r => r.GetProperty("name").GetString()))));
        Assert.Equal(HookCatalogue.All.Select(h => (h.Name, h.Without, string.Join(',', h.Rungs.Select(r => r.Name)))), listed);
        Assert.All(HookCatalogue.All, h => Assert.Contains($"{h.Name}: {h.Purpose}\n", text, StringComparison.Ordinal));
        Assert.All(HookCatalogue.All.SelectMany(h => h.Rungs), r => Assert.Matches($@"(?m)^ +{r.Name} +{Regex.Escape(r.Kernel)}", text));
        Assert.Contains("  without it: no TCP connection is reported, no httpflow\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--no-such-flag")]
    [InlineData("run", "--no-such-flag")]
    [InlineData("no-such-command")]
    [InlineData("run", "--interval")]
    public async Task A_wrong_command_line_is_reported_on_standard_error_with_code_2(params string[] arguments)
    {
        var (code, output, error) = await AgentProcess.RunAsync(arguments);

        Assert.Equal(ExitCode.BadConfiguration, code);
        Assert.Empty(output);
        Assert.StartsWith("ebpf-actors: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("check-config")]
    public async Task A_wrong_configuration_lists_every_problem_with_code_2(string command)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["ebpf.conf"], "[[inputs.ebpf]]\ninterval = \"abc\"\noutput = [\"kafka\"]\ncolour = 1\n", TestContext.Current.CancellationToken);

        var (code, _, error) = await AgentProcess.RunAsync(command, "--config", folder["ebpf.conf"], "--tags", "x");

        Assert.Equal(ExitCode.BadConfiguration, code);
        Assert.Equal(
            [
                "--tags: \"x\" is not a tag; write key=value",
                "inputs.ebpf.interval: \"abc\" is not a duration; use for example 60s, 5m (line 2)",
                "inputs.ebpf.output: \"kafka\" is not an output; use datakit, stdout, table, file:PATH (line 3)",
                "inputs.ebpf.colour: unknown key (line 4)",
            ],
            error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_configuration_file_that_does_not_exist_is_a_problem()
    {
        var (code, _, error) = await AgentProcess.RunAsync("run", "--config", "/no/such/file");

        Assert.Equal(ExitCode.BadConfiguration, code);
        Assert.StartsWith("--config: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_config_shows_values_with_their_sources()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["ebpf.conf"], Reading.Sample("ebpf.conf.sample"), TestContext.Current.CancellationToken);

        var (code, output, error) = await AgentProcess.RunAsync("check-config", "--config", folder["ebpf.conf"], "--interval", "30s");

        Assert.Equal((ExitCode.Ok, ""), (code, error));
        Assert.Matches(@"(?m)^interval +\= 30s +# flag --interval$", output);
        Assert.Matches(@"(?m)^ipv6_disabled +\= false +# file inputs\.ebpf\.ipv6_disabled \(line \d+\)$", output);
        Assert.Matches(@"(?m)^max_connections +\= 65536 +# default$", output);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("status", "--json")]
    public async Task Status_without_an_agent_says_so_with_code_1(params string[] arguments)
    {
        using var folder = new TemporaryFolder();

        var (code, output, error) = await AgentProcess.RunAsync([.. arguments, "--status-socket", folder["none.sock"]]);

        Assert.Equal((ExitCode.Failed, ""), (code, output));
        Assert.StartsWith("ebpf-actors: no agent is running", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_running_agent_answers_keeps_others_away_and_ends_cleanly_on_a_signal(string signal)
    {
        Assert.SkipWhen(Prerequisites.Missing(PrerequisiteFacts.OfThisMachine()).Count > 0, "this machine cannot run the agent");
        using var folder = new TemporaryFolder();
        string[] arguments = ["run", "--output", $"file:{folder["points"]}", "--log", folder["log"], "--pidfile", folder["pid"], "--status-socket", folder["sock"], "--spool-dir", folder["spool"]];
        using var systemd = new NotifySocket(folder["notify"]);
        using var agent = AgentProcess.Start(folder["notify"], arguments);
        var ready = await systemd.ReceiveAsync();
        var status = AgentStatusJson.Read(await StatusClient.AskAsync(folder["sock"], TestContext.Current.CancellationToken));

        var second = await AgentProcess.RunAsync(arguments);
        await agent.SignalAsync(signal);
        var (code, output, _) = await agent.EndAsync();

        Assert.StartsWith("READY=1\n", ready, StringComparison.Ordinal);
        Assert.Equal("STOPPING=1", await systemd.ReceiveAsync());
        Assert.Equal(agent.Id, status.Pid);
        Assert.Equal(ExitCode.Failed, second.Code);
        Assert.Contains($"another instance is running with pid {agent.Id}", second.Error, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Ok, ""), (code, output));
        Assert.False(File.Exists(folder["pid"]) || File.Exists(folder["sock"]));
    }

    [Fact]
    public async Task A_machine_that_lacks_something_is_told_what_with_code_3()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv") && Environment.IsPrivilegedProcess, "needs root and setpriv");

        var (code, _, error) = await AgentProcess.RunUnprivilegedAsync("run");

        Assert.Equal(ExitCode.MissingPrerequisite, code);
        Assert.Contains("ebpf-actors: no permission to load eBPF programs; run as root", error, StringComparison.Ordinal);
    }
}
