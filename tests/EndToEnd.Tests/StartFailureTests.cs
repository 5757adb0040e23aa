using System.Text.Json;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.FakeDataKit;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>Under DataKit standard error is /dev/null: a start that fails is in the log, and DataKit is told.</summary>
public sealed class StartFailureTests : IAsyncLifetime
{
    private readonly AgentHome _home = new();
    private DataKitServer _dataKit = null!;

    private string Address => $"127.0.0.1:{_dataKit.Port}";

    public async ValueTask InitializeAsync() => _dataKit = await DataKitServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _dataKit.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task A_wrong_value_in_the_file_is_told_where_the_file_itself_says()
    {
        await File.WriteAllTextAsync(_home["ebpf.conf"], $"""
            [[inputs.ebpf]]
            interval = "5x"
            log = "{_home.Log}"
            args = ["--datakit-apiserver", "{Address}"]
            """, TestContext.Current.CancellationToken);

        var ended = await AgentProcess.RunAsync(["run", "--config", _home["ebpf.conf"]]);

        const string Problem = "inputs.ebpf.interval: \"5x\" is not a duration; use for example 60s, 5m (line 2)";
        (ended.Code, ended.Error).ShouldBe((2, Problem + "\n"));
        _home.LogLines().ShouldHaveSingleItem().ShouldEndWith($"Ends with exit code 2: {Problem}");
        LastErrors().ShouldBe([Problem]);
        _dataKit.LastErrors.Single().ShouldStartWith("""{"input":"ebpf","source":"","err_content":""");
    }

    [Fact]
    public async Task A_flag_that_is_not_known_is_told_where_the_other_flags_say()
    {
        var ended = await AgentProcess.RunAsync(["run", "--no-such-flag", "--log", _home.Log, "--datakit-apiserver", Address]);

        ended.Code.ShouldBe(2);
        _home.LogLines().ShouldHaveSingleItem().ShouldContain("--no-such-flag");
        LastErrors().ShouldHaveSingleItem().ShouldContain("--no-such-flag");
    }

    [Fact]
    public async Task A_file_that_is_no_TOML_is_told_where_the_flags_say()
    {
        await File.WriteAllTextAsync(_home["ebpf.conf"], "[[inputs.ebpf\n", TestContext.Current.CancellationToken);

        var ended = await AgentProcess.RunAsync(["run", "--config", _home["ebpf.conf"], "--log", _home.Log, "--datakit-apiserver", Address]);

        ended.Code.ShouldBe(2);
        _home.LogLines().ShouldNotBeEmpty();
        LastErrors().ShouldHaveSingleItem().ShouldContain(_home["ebpf.conf"]);
    }

    [Fact]
    public async Task Something_that_the_machine_lacks_is_told()
    {
        using var agent = AgentProcess.Start(
            _home,
            ["--datakit-apiserver", Address],
            ["prlimit", "--nofile=300:300", "setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"]);

        (await agent.EndAsync()).Code.ShouldBe(3);
        _home.LogLines().ShouldHaveSingleItem().ShouldContain("300 open files are too few");
        LastErrors().ShouldHaveSingleItem().ShouldContain("300 open files are too few");
    }

    [Fact]
    public async Task A_pid_file_that_is_held_is_told_in_the_log_that_both_share_and_no_line_of_either_is_damaged()
    {
        using var first = await AgentProcess.StartReadyAsync(_home, "--output", $"file:{_home.Points}", "--log-level", "debug");
        var before = _home.LogLines();

        var second = await AgentProcess.RunAsync(_home.Run("--datakit-apiserver", Address));
        await first.StopAsync();

        second.Code.ShouldBe(1);
        LastErrors().ShouldHaveSingleItem().ShouldContain($"another instance is running with pid {first.Id}");
        var lines = _home.LogLines();
        lines.Take(before.Length).ShouldBe(before);
        lines.Count(l => l.Contains($"Ends with exit code 1: another instance is running with pid {first.Id}", StringComparison.Ordinal)).ShouldBe(1);
        lines.ShouldContain(l => l.EndsWith("Stopped: nothing is attached any more", StringComparison.Ordinal));
        lines.ShouldAllBe(l => l.StartsWith("20", StringComparison.Ordinal));
    }

    private IEnumerable<string> LastErrors() => _dataKit.LastErrors.Select(e => JsonDocument.Parse(e).RootElement.GetProperty("err_content").GetString()!);
}
