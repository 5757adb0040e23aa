using System.Diagnostics;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class PidFileTests : IDisposable
{
    private const int Own = 100;
    private const int Other = 200;
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["agent.pid"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_file_holds_the_pid_in_decimal_readable_by_all_and_goes_with_its_owner()
    {
        using (PidFile.Take(Path, Own, _ => false))
        {
            Assert.Equal("100", File.ReadAllText(Path));
            Assert.Equal("-rw-r--r--", "-" + Mode(File.GetUnixFileMode(Path)));
        }

        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void A_second_instance_is_refused_with_the_first_ones_pid()
    {
        using var first = PidFile.Take(Path, Own, _ => true);

        var refusal = Assert.Throws<InstanceRunningException>(() => PidFile.Take(Path, Other, _ => true));

        Assert.Equal(Own, refusal.Pid);
        Assert.Equal("100", File.ReadAllText(Path));
    }

    [Fact]
    public void The_lock_holds_even_when_the_pid_looks_stale()
    {
        using var first = PidFile.Take(Path, Own, _ => false);

        Assert.Throws<InstanceRunningException>(() => PidFile.Take(Path, Other, _ => false));
    }

    [Fact]
    public void A_collector_that_knows_no_lock_is_found_by_its_pid()
    {
        File.WriteAllText(Path, "200\n");

        var refusal = Assert.Throws<InstanceRunningException>(() => PidFile.Take(Path, Own, pid => pid == Other));

        Assert.Equal(Other, refusal.Pid);
        Assert.Equal("200\n", File.ReadAllText(Path));
    }

    [Theory]
    [InlineData("200")]
    [InlineData("200\n")]
    [InlineData("")]
    [InlineData("\n")]
    public void A_stale_file_is_taken_over(string content)
    {
        File.WriteAllText(Path, content);

        using var file = PidFile.Take(Path, Own, _ => false);

        Assert.Equal("100", File.ReadAllText(Path));
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("200\nroot:x:0:0:root:/root:/bin/bash\n")]
    [InlineData("200                    and more")]
    [InlineData("-200")]
    [InlineData("99999999999999999999999999999999999999999999")]
    public void A_file_that_holds_something_else_stays_as_it_is(string content)
    {
        File.WriteAllText(Path, content);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var refusal = Assert.Throws<IOException>(() => PidFile.Take(Path, Own, _ => false));

        Assert.Contains("something else than a pid", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void A_link_is_not_followed()
    {
        File.WriteAllText(_folder["precious"], "");
        File.CreateSymbolicLink(Path, _folder["precious"]);

        Assert.Contains("symbolic link", Assert.Throws<IOException>(() => PidFile.Take(Path, Own, _ => false)).Message, StringComparison.Ordinal);

        Assert.Equal("", File.ReadAllText(_folder["precious"]));
        Assert.Equal(_folder["precious"], new FileInfo(Path).LinkTarget);
    }

    [Fact]
    public void A_FIFO_a_folder_and_a_device_are_refused()
    {
        Process.Start("mkfifo", [Path]).WaitForExit();

        Assert.Contains("not a regular file", Assert.Throws<IOException>(() => PidFile.Take(Path, Own, _ => false)).Message, StringComparison.Ordinal);
        Assert.Contains("not a regular file", Assert.Throws<IOException>(() => PidFile.Take("/dev/null", Own, _ => false)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => PidFile.Take("/", Own, _ => false));
        Assert.True(File.Exists(Path));
    }

    [Fact]
    public void A_file_that_was_there_keeps_its_mode()
    {
        File.WriteAllText(Path, "200");
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        using var file = PidFile.Take(Path, Own, _ => false);

        Assert.Equal("100", File.ReadAllText(Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void Ones_own_pid_in_the_file_is_a_leftover_of_an_earlier_container()
    {
        File.WriteAllText(Path, "100");

        using var file = PidFile.Take(Path, Own, _ => true);

        Assert.Equal("100", File.ReadAllText(Path));
    }

    [Fact]
    public void A_file_that_somebody_else_has_put_there_since_is_left_alone()
    {
        var file = PidFile.Take(Path, Own, _ => false);
        File.Delete(Path);
        File.WriteAllText(Path, "300");

        file.Dispose();

        Assert.Equal("300", File.ReadAllText(Path));
    }

    [Fact]
    public async Task Of_many_that_start_at_once_exactly_one_gets_the_file()
    {
        File.WriteAllText(Path, "300");
        using var start = new Barrier(8);

        var attempts = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                try
                {
                    return PidFile.Take(Path, i, _ => false);
                }
                catch (InstanceRunningException)
                {
                    return null;
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.Single(attempts, a => a is not null);
        attempts.Single(a => a is not null)!.Dispose();
    }

    [Theory]
    [InlineData("7 (datakit-ebpf) S 1 7 7", true)]
    [InlineData("7 (datakit-ebpf) Z 1 7 7", false)]
    [InlineData("7 (a) Z (b) R 1 7 7", true)]
    [InlineData("", false)]
    public void A_collector_that_DataKit_has_not_reaped_is_dead(string stat, bool alive) => Assert.Equal(alive, ProcessName.IsAlive(stat));

    [Fact]
    public void This_test_is_not_a_collector() => Assert.False(ProcessName.IsCollector(Environment.ProcessId));

    [Fact]
    public void The_own_pid_is_what_proc_says_and_unknown_elsewhere()
    {
        Assert.Equal((uint)Environment.ProcessId, ProcessName.OwnPid("/proc"));
        Assert.Equal(0u, ProcessName.OwnPid(_folder["none"]));
    }

    private static string Mode(UnixFileMode mode) =>
        string.Concat("rwxrwxrwx".Select((letter, i) => ((int)mode & (1 << (8 - i))) != 0 ? letter : '-'));
}
