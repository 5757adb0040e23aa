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
