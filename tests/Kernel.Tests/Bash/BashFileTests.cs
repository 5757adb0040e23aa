using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>Which files are bash, when they are found and from which line on.</summary>
public sealed class BashFileTests
{
    [Fact]
    public void The_first_command_of_a_bash_that_was_never_seen_before_is_there()
    {
        using var recorder = new CommandRecorder();
        for (var i = 0; i < 5; i++)
        {
            using var copy = new CopyOfBash();
            using var bash = Terminal.Bash(copy.Path);

            bash.AwaitPrompt().Type("exit 7"); // some milliseconds after the shell has begun

            bash.AwaitEnd();
            recorder.ShouldHave(bash.Pid, "exit 7");
        }
    }

    [Fact]
    public void What_is_typed_ahead_of_the_first_prompt_of_two_such_shells_is_there_once()
    {
        var told = 0;
        using var recorder = new CommandRecorder();
        for (var i = 0; i < 5; i++)
        {
            using var copy = new CopyOfBash();
            using Terminal one = Terminal.Bash(copy.Path), two = Terminal.Bash(copy.Path);

            one.Type("exit 1");
            two.Type("exit 2");

            one.AwaitEnd();
            two.AwaitEnd();
            using var later = Terminal.Bash(copy.Path);
            later.AwaitPrompt().Type("exit 3");
            later.AwaitEnd();
            recorder.ShouldHave(later.Pid, "exit 3");
            told += Told(one.Pid, "exit 1") + Told(two.Pid, "exit 2");
        }

        told.ShouldBeGreaterThan(5, "a few may be read before anything of their file is known, where the machine has no time for the agent (README)");

        int Told(uint pid, string line)
        {
            var lines = recorder.Of(pid).Select(c => c.Text).ToList();
            lines.ShouldBeSubsetOf([line]);
            lines.Count.ShouldBeLessThanOrEqualTo(1);
            return lines.Count;
        }
    }

    [Fact]
    public void Lines_that_are_typed_while_the_probe_is_being_attached_are_told_once_each()
    {
        using var recorder = new CommandRecorder();

        TypedAhead.ShouldBeToldOnceEach(recorder);
    }

    [Fact]
    public void A_bash_whose_file_was_deleted_is_seen()
    {
        using var copy = new CopyOfBash();
        using var bash = Terminal.Bash(copy.Path);
        bash.AwaitPrompt();
        copy.Delete();
        using var recorder = new CommandRecorder();

        bash.Run("echo still here");

        recorder.ShouldHave(bash.Pid, "echo still here");
    }

    [Fact]
    public void A_bash_with_readline_as_a_library_is_seen_and_other_users_of_that_library_are_not()
    {
        using var recorder = new CommandRecorder();
        using var copy = new CopyOfBash("/usr/bin/bc"); // another program with the library, under the name by which bash goes
        File.Copy("/usr/lib/x86_64-linux-gnu/libreadline.so.8", copy.Folder + "/libreadline.so.8"); // nobody else's, so that its probe is this shell's
        using var named = new Terminal($"env LD_LIBRARY_PATH={copy.Folder} {copy.Path} -q");
        using var other = new Terminal($"env LD_LIBRARY_PATH={copy.Folder} /usr/bin/bc -q");
        recorder.Until(() => recorder.Hooks.Any(h => h.Hook.Contains(copy.Folder, StringComparison.Ordinal)));

        foreach (var terminal in new[] { other, named })
        {
            terminal.Type("1234*2");
            recorder.Until(() => terminal.Shown.Contains("2468", StringComparison.Ordinal));
            terminal.Type("4321*2");
            recorder.Until(() => terminal.Shown.Contains("8642", StringComparison.Ordinal));
        }

        recorder.ShouldHave(named.Pid, "1234*2", "4321*2");
        recorder.Of(other.Pid).ShouldBeEmpty();
        recorder.Hooks.ShouldContain(h => h.Hook.Contains(copy.Folder, StringComparison.Ordinal) && h.Problem.Length == 0);
    }

    [Fact]
    public void One_file_in_two_overlays_is_told_once_by_each_of_its_shells()
    {
        using var recorder = new CommandRecorder();

        OverlaidBash.ShouldBeToldOnceByEachShell(recorder);
    }

    [Fact]
    public void A_file_that_nobody_runs_any_more_is_let_go_and_found_again()
    {
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = TimeSpan.FromSeconds(1) });
        using var copy = new CopyOfBash();
        using (var bash = Terminal.Bash(copy.Path))
        {
            recorder.Until(() => recorder.Hooks.Any(h => h.Hook.Contains(copy.Path, StringComparison.Ordinal)));
            bash.Run("echo here");
            recorder.ShouldHave(bash.Pid, "echo here");
        }

        recorder.Until(() => !recorder.Hooks.Any(h => h.Hook.Contains(copy.Path, StringComparison.Ordinal)));
        recorder.Hooks.ShouldNotContain(h => h.Hook.Contains(copy.Path, StringComparison.Ordinal));

        using var again = Terminal.Bash(copy.Path);
        recorder.Until(() => recorder.Hooks.Any(h => h.Hook.Contains(copy.Path, StringComparison.Ordinal)));
        again.AwaitPrompt().Type("exit");
        again.AwaitEnd();
        recorder.ShouldHave(again.Pid, "exit");
    }
}
