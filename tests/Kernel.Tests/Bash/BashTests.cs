using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>Real interactive shells at real terminals: what is typed is what comes out.</summary>
public sealed class BashTests
{
    private static readonly string[] Awkward =
    [
        "echo \"double\" 'single' back\\slash \\\"",
        "echo a,b=c d | tr ' ' '\\n' # comment",
        "echo Grüße, 你好, 👍",
        "  echo leading and trailing blanks  ",
        "echo `date` $(id -u) ${HOME} $'tab\\t'",
        "!! is not expanded",
        "echo " + new string('x', 200) + " the end",
    ];

    [Fact]
    public void A_thousand_commands_are_all_there_in_order_and_exact()
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();
        var typed = Enumerable.Range(1, 1000).Select(i => $": {i} {Awkward[i % Awkward.Length].Replace("!!", "#", StringComparison.Ordinal)}").ToArray();

        foreach (var line in typed)
        {
            bash.Run(line);
        }

        recorder.ShouldHave(bash.Pid, typed);
    }

    [Fact]
    public void A_shell_that_waited_at_its_prompt_when_the_probe_came_is_seen_from_that_prompt_on()
    {
        using var bash = Terminal.Bash().AwaitPrompt();
        using var recorder = new CommandRecorder();

        bash.Run("echo first");
        bash.Run("echo second");

        recorder.ShouldHave(bash.Pid, "echo first", "echo second");
    }

    [Fact]
    public void Awkward_characters_come_out_as_they_were_typed()
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();

        foreach (var line in Awkward)
        {
            bash.Run("# " + line.Replace("!!", "! !", StringComparison.Ordinal));
        }

        // Ctrl-V takes the next key as it is: newline, tab, escape, bell.
        bash.Run("# two\u0016\nlines\u0016\tand\u0016\u001b[1m\u0016\u0007");

        recorder.ShouldHave(
            bash.Pid, [.. Awkward.Select(a => "# " + a.Replace("!!", "! !", StringComparison.Ordinal)), "# two\nlines\tand\u001b[1m\u0007"]);
    }

    [Fact]
    public void Each_line_of_a_command_over_several_lines_is_told()
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();
        bash.AwaitPrompt();

        bash.Type("for i in 1 2; do");
        bash.Type("  echo $i");
        bash.Type("done");

        recorder.ShouldHave(bash.Pid, "for i in 1 2; do", "  echo $i", "done");
    }

    [Fact]
    public void Empty_lines_and_the_end_of_input_are_no_commands()
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();

        bash.Run("");
        bash.Run("echo one");
        bash.Run("");
        bash.TypeKeys("\u0004");

        bash.AwaitEnd();
        recorder.ShouldHave(bash.Pid, "echo one");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public void A_line_comes_at_once_behind_one_that_has_no_short_record(int length)
    {
        using var recorder = new CommandRecorder(new BashProbeOptions { ScanEvery = TimeSpan.FromHours(1) });
        using var bash = Terminal.Bash();
        var before = new string('#', length);

        bash.Run(before);
        bash.Run("echo behind");

        recorder.ShouldHave(bash.Pid, [.. new[] { before, "echo behind" }.Where(line => line.Length > 0)]);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(9000)]
    public void Long_lines_are_kept_up_to_4096_bytes_and_marked_beyond(int length)
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();
        bash.AwaitPrompt();
        var line = ": " + string.Concat(Enumerable.Range(0, 9000).Select(i => (char)('a' + (i % 26))))[..(length - 2)];

        foreach (var part in line.Chunk(1000))
        {
            bash.TypeKeys(new string(part));
        }

        bash.Type("");

        recorder.Until(() => recorder.Of(bash.Pid).Count > 0);
        var command = recorder.Of(bash.Pid).ShouldHaveSingleItem();
        command.Text.ShouldBe(line[..Math.Min(length, 4096)]);
        command.IsCut.ShouldBe(length > 4096);
    }

    [Fact]
    public void The_time_is_that_of_the_key_and_the_user_is_the_login_name()
    {
        using var recorder = new CommandRecorder();
        using var bash = Terminal.Bash();
        bash.AwaitPrompt();

        var before = Now();
        bash.Type("id");
        recorder.Until(() => recorder.Of(bash.Pid).Count > 0);
        var after = Now();

        var command = recorder.Of(bash.Pid).ShouldHaveSingleItem();
        command.UnixNanoseconds.ShouldBeInRange(before, after);
        command.User.ShouldBe("root");
    }

    [Fact]
    public void A_user_without_a_name_is_a_number()
    {
        using var recorder = new CommandRecorder();
        using var bash = new Terminal("setpriv --reuid 54321 --clear-groups /bin/bash --norc --noprofile -i");

        bash.Run("id");

        recorder.ShouldHave(bash.Pid, "id");
        recorder.Of(bash.Pid)[0].User.ShouldBe("54321");
    }

    [Fact]
    public void In_a_container_the_user_is_who_the_containers_passwd_says()
    {
        using var recorder = new CommandRecorder();
        using var root = new SmallRoot("captain:x:0:0::/:/bin/bash\n");
        using var bash = new Terminal($"unshare --mount chroot {root.Path} /bin/bash --norc --noprofile -i");
        bash.Run("echo inside");
        bash.Type("exit");

        bash.AwaitEnd();
        recorder.ShouldHave(bash.Pid, "echo inside", "exit");
        recorder.Of(bash.Pid).ShouldAllBe(c => c.User == "captain");
    }

    private static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
}
