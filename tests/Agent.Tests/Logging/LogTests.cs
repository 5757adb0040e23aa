using System.Diagnostics;
using EbpfActors.Agent.Logging;
using EbpfActors.Agent.Tests.Configuration;
using Microsoft.Extensions.Logging;

namespace EbpfActors.Agent.Tests.Logging;

public sealed class LogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", true, "stderr", "info")]
    [InlineData("--output table", true, "stderr", "warn")]
    [InlineData("--output table --log-level error", true, "stderr", "error")]
    [InlineData("--output table", false, "stderr", "info")]
    [InlineData("--output table --log /tmp/a.log", true, "/tmp/a.log", "info")]
    [InlineData("--output stdout", true, "stderr", "info")]
    [InlineData("--log stdout --log-level trace", true, "stdout", "trace")]
    public void The_log_stays_away_from_the_table(string flags, bool onTerminal, string target, string level)
    {
        var options = Reading.Options(flags: flags.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(new LogPlan(target, level), LogPlan.For(options.Log, options.Output, onTerminal));
    }

    [Fact]
    public void A_log_that_cannot_be_written_goes_to_standard_error_and_says_so()
    {
        using var complaints = new StringWriter();
        File.WriteAllText(_folder["file"], "");

        var plan = new LogPlan(_folder["file/agent.log"], "info").OrStderrIfNotWritable(complaints);

        Assert.Equal(new LogPlan("stderr", "info"), plan);
        Assert.StartsWith("ebpf-actors: the log goes to stderr: ", complaints.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_is_a_FIFO_without_a_reader_does_not_stall_the_start()
    {
        using var complaints = new StringWriter();
        Process.Start("mkfifo", [_folder["fifo"]]).WaitForExit();

        Assert.Equal("stderr", new LogPlan(_folder["fifo"], "info").OrStderrIfNotWritable(complaints).Target);

        Assert.StartsWith($"ebpf-actors: the log goes to stderr: {_folder["fifo"]}: ", complaints.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_that_have_one_log_do_not_write_over_each_other()
    {
        using (var first = new AgentLog(new LogPlan(_folder["agent.log"], "info")))
        {
            first.Factory.CreateLogger("a").LogInformation("one");
            using (var second = new AgentLog(new LogPlan(_folder["agent.log"], "info")))
            {
                second.Factory.CreateLogger("b").LogError("two, which is longer than the next");
            }

            first.Factory.CreateLogger("a").LogInformation("three");
        }

        Assert.Equal(["a: one", "b: two, which is longer than the next", "a: three"], File.ReadLines(_folder["agent.log"]).Select(l => l[31..]));
    }

    [Fact]
    public void Lines_from_the_level_on_reach_the_file()
    {
        using (var log = new AgentLog(new LogPlan(_folder["deep/agent.log"], "warn")))
        {
            var logger = log.Factory.CreateLogger("EbpfActors.Test");
            logger.LogInformation("quiet");
            logger.LogWarning("loud {Number}", 7);
        }

        var line = Assert.Single(File.ReadAllLines(_folder["deep/agent.log"]));
        Assert.EndsWith("WARN  Test: loud 7", line, StringComparison.Ordinal);
    }

    [Fact]
    public void What_others_named_is_one_line_and_steers_no_terminal()
    {
        const string Forged = "x\n2026-01-01 00:00:00.0000 INFO  agent: all is well\u001b[2J\u202e";
        using (var log = new AgentLog(new LogPlan(_folder["agent.log"], "info")))
        {
            var logger = log.Factory.CreateLogger("a");
            logger.LogWarning("Process {Name} ended", Forged);
            logger.LogError(new InvalidOperationException(Forged), "Failed");
        }

        var lines = File.ReadAllLines(_folder["agent.log"]);
        Assert.EndsWith(@"WARN  a: Process x\n2026-01-01 00:00:00.0000 INFO  agent: all is well\x1b[2J\u202e ended", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("ERROR a: Failed", lines[1], StringComparison.Ordinal);
        Assert.Equal("    System.InvalidOperationException: x", lines[2]);
        Assert.Equal(@"    2026-01-01 00:00:00.0000 INFO  agent: all is well\x1b[2J\u202e", lines[3]);
        Assert.Equal(4, lines.Length);
    }

    [Theory]
    [InlineData("agent.log", "agent.log.1")]
    [InlineData("log", "log.1")]
    public void Reopening_makes_the_file_anew_after_it_was_moved_away(string name, string moved)
    {
        using (var log = new AgentLog(new LogPlan(_folder[name], "info")))
        {
            var logger = log.Factory.CreateLogger("a");
            logger.LogInformation("before");
            File.Move(_folder[name], _folder[moved]);
            log.Reopen();
            Assert.EndsWith("anew", File.ReadAllText(_folder[name]).Trim(), StringComparison.Ordinal);
            logger.LogInformation("after");
        }

        Assert.EndsWith("before", File.ReadAllText(_folder[moved]).Trim(), StringComparison.Ordinal);
        Assert.EndsWith("after", File.ReadAllText(_folder[name]).Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reopening_again_and_again_loses_no_line_and_lets_those_who_log_go_on()
    {
        const int Lines = 20_000;
        using (var log = new AgentLog(new LogPlan(_folder["agent.log"], "info")))
        {
            var logger = log.Factory.CreateLogger("a");
            var writers = Task.WhenAll(Enumerable.Range(1, 3).Select(w => Task.Factory.StartNew(
                () => Enumerable.Range(1, Lines).ToList().ForEach(i => logger.LogInformation("writer {Writer} line {Number}", w, i)),
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            while (!writers.IsCompleted)
            {
                Parallel.For(0, 4, _ => log.Reopen());
            }

            await writers;
        }

        Assert.Equal(3 * Lines, File.ReadLines(_folder["agent.log"]).Count(l => l.Contains(" line ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_configuration_of_NLog_that_has_become_wrong_leaves_the_log_as_it_is()
    {
        File.WriteAllText(_folder["nlog.config"], $"""
            <nlog xmlns="http://www.nlog-project.org/schemas/NLog.xsd">
              <targets><target name="f" type="File" fileName="{_folder["own.log"]}" /></targets>
              <rules><logger name="*" minlevel="Trace" writeTo="f" /></rules>
            </nlog>
            """);
        using (var log = new AgentLog(new LogPlan(_folder["agent.log"], "info"), _folder["nlog.config"]))
        {
            File.WriteAllText(_folder["nlog.config"], "<nlog");
            log.Reopen();
            log.Factory.CreateLogger("a").LogInformation("still here");
        }

        Assert.Contains("not opened anew", File.ReadAllText(_folder["own.log"]), StringComparison.Ordinal);
        Assert.Contains("still here", File.ReadAllText(_folder["own.log"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_lines_keep_the_name_and_five_older_files_are_kept()
    {
        using (var log = new AgentLog(new LogPlan(_folder["agent.log"], "info"), archiveAbove: 1_000))
        {
            var logger = log.Factory.CreateLogger("a");
            for (var i = 1; i <= 200; i++)
            {
                logger.LogInformation("line {Number}", i);
            }
        }

        Assert.EndsWith("line 200", File.ReadAllText(_folder["agent.log"]).Trim(), StringComparison.Ordinal);
        Assert.Equal(6, Directory.GetFiles(Path.GetDirectoryName(_folder["agent.log"])!).Length);
    }

    [Fact]
    public void A_configuration_file_of_NLog_replaces_the_built_in_one()
    {
        File.WriteAllText(_folder["nlog.config"], $"""
            <nlog xmlns="http://www.nlog-project.org/schemas/NLog.xsd">
              <targets><target name="f" type="File" fileName="{_folder["own.log"]}" layout="own $" /></targets>
              <rules><logger name="*" minlevel="Trace" writeTo="f" /></rules>
            </nlog>
            """);

        using (var log = new AgentLog(new LogPlan(_folder["agent.log"], "info"), _folder["nlog.config"]))
        {
            log.Factory.CreateLogger("a").LogTrace("x");
        }

        Assert.Equal("own $", File.ReadAllText(_folder["own.log"]).Trim());
        Assert.False(File.Exists(_folder["agent.log"]));
    }
}
