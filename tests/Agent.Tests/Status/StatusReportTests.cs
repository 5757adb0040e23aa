using System.Text.Json;
using EbpfActors.Agent.Status;
using Spectre.Console;

namespace EbpfActors.Agent.Tests.Status;

public sealed class StatusReportTests
{
    [Fact]
    public void Everything_that_matters_is_shown()
    {
        var text = Render(Statuses.Full);

        Assert.Contains("ebpf-actors 1.2.3, pid 42, up 1h2m3s since 2026-01-02 03:04:05 +00:00", text, StringComparison.Ordinal);
        Assert.Contains("tp_btf/inet_sock_set_state", text, StringComparison.Ordinal);
        Assert.Contains("not [found]", text, StringComparison.Ordinal);
        Assert.Contains("ring-full 60", text, StringComparison.Ordinal);
        Assert.Contains("1,024 points in 2 entries, 1 MiB of 256 MiB", text, StringComparison.Ordinal);
        Assert.Contains("connection refused", text, StringComparison.Ordinal);
        Assert.Contains("0.8 %", text, StringComparison.Ordinal);
        Assert.Contains("warning: interval 5s is below 10s", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Better_rungs_that_are_not_used_are_shown_with_their_reasons()
    {
        var text = Render(Statuses.Full);

        Assert.Matches(@"ebpf-conntrack +nat-events +fentry +attach: not permitted", text);
        Assert.Matches(@"ebpf-conntrack +nat-events +kprobe +left out", text);
        Assert.DoesNotContain("not used", Render(Statuses.Full with { Plugins = [Statuses.Full.Plugins[0]] }), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_hook_waits_for_and_when_a_plugin_is_tried_again_is_shown()
    {
        var text = Render(Statuses.Full);

        Assert.Matches(@"nat-dump +waits for connection tracking", text);
        Assert.Contains($"failed, again at {new DateTime(2026, 1, 2, 4, 5, 6, DateTimeKind.Utc).ToLocalTime():HH:mm:ss}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Foreign_text_cannot_steer_the_terminal()
    {
        var text = Render(Statuses.Full with
        {
            Writer = Statuses.Full.Writer! with { LastError = "400 \u001b]0;owned\a\u009b2J\nebpf-actors 9.9" },
            Warnings = ["tag \u202ecba"],
        });

        Assert.Contains(@"400 \x1b]0;owned\x07\x9b2J\nebpf-actors 9.9", text, StringComparison.Ordinal);
        Assert.Contains(@"warning: tag \u202ecba", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public void Programs_are_told_the_same()
    {
        using var json = JsonDocument.Parse(AgentStatusJson.Write(Statuses.Full));

        var conntrack = json.RootElement.GetProperty("plugins")[1].GetProperty("hooks");
        Assert.Equal("fentry", conntrack[0].GetProperty("refused")[0].GetProperty("rung").GetString());
        Assert.Equal("attach: not permitted", conntrack[0].GetProperty("refused")[0].GetProperty("reason").GetString());
        Assert.Equal("connection tracking", conntrack[1].GetProperty("waitsFor").GetString());
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 4, 5, 6, TimeSpan.Zero), json.RootElement.GetProperty("plugins")[2].GetProperty("retryAt").GetDateTimeOffset());
        Assert.Equal("kprobe", AgentStatusJson.Read(AgentStatusJson.Write(Statuses.Full)).Plugins[1].Hooks[0].Refused[1].Rung);
    }

    [Fact]
    public void An_agent_that_has_nothing_yet_is_one_line() =>
        Assert.Single(Render(new AgentStatus { Version = "1", Pid = 1, StartedAt = DateTimeOffset.UnixEpoch, UptimeSeconds = 0 }).Trim().Split('\n'));

    private static string Render(AgentStatus status)
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;
        StatusReport.Write(status, console);
        return writer.ToString();
    }
}
