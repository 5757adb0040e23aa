using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bash;

/// <summary>Who typed, when the shell is gone by the time somebody asks: the recorder is busy until then.</summary>
public sealed class UserTests
{
    private const string Shell = "/bin/bash --norc --noprofile -i";
    private const string Captain = "captain:x:0:0::/:/bin/bash\n";

    private static readonly BashProbeOptions NoFurtherScan = new() { ScanEvery = TimeSpan.FromHours(1) };

    [Fact]
    public void A_shell_of_this_host_that_is_gone_has_its_users_name()
    {
        using var recorder = new CommandRecorder(NoFurtherScan, isBusy: true);

        UserOfOneLine(recorder, Shell).ShouldBe("root");
    }

    [Fact]
    public void A_user_without_a_name_is_a_number_then_too()
    {
        using var recorder = new CommandRecorder(NoFurtherScan, isBusy: true);

        UserOfOneLine(recorder, $"setpriv --reuid 54321 --clear-groups {Shell}").ShouldBe("54321");
    }

    [Fact]
    public void One_that_is_gone_from_a_container_in_which_others_stay_has_its_name_there()
    {
        using var root = new SmallRoot(Captain);
        using var resident = new Terminal($"unshare --mount chroot {root.Path} {Shell}").AwaitPrompt();
        using var recorder = new CommandRecorder(NoFurtherScan, isBusy: true);

        UserOfOneLine(recorder, $"nsenter --target {resident.Pid} --mount --root {Shell}").ShouldBe("captain");
    }

    [Fact]
    public void One_that_waited_at_its_prompt_in_a_container_of_its_own_has_its_name_there()
    {
        using var root = new SmallRoot(Captain);
        using var bash = new Terminal($"unshare --mount chroot {root.Path} {Shell}").AwaitPrompt();
        using var recorder = new CommandRecorder(NoFurtherScan, isBusy: true);

        UserOfOneLine(recorder, bash).ShouldBe("captain");
    }

    [Fact]
    public void One_that_is_gone_from_a_container_that_nobody_knows_never_has_the_hosts_name()
    {
        using var recorder = new CommandRecorder(NoFurtherScan, isBusy: true);

        UserOfOneLine(recorder, $"unshare --mount {Shell}").ShouldBe("0");
    }

    [Fact]
    public void One_that_is_gone_from_another_root_never_has_the_hosts_name()
    {
        using var root = new SmallRoot(Captain);
        using var other = Terminal.Bash($"{root.Path}/bin/bash").AwaitPrompt(); // so that the program has its probe already
        using var recorder = new CommandRecorder(NoFurtherScan, isBusy: true);

        UserOfOneLine(recorder, $"chroot {root.Path} {Shell}").ShouldBe("0");
    }

    private static string UserOfOneLine(CommandRecorder recorder, string command)
    {
        using var bash = new Terminal(command);
        return UserOfOneLine(recorder, bash);
    }

    private static string UserOfOneLine(CommandRecorder recorder, Terminal bash)
    {
        bash.AwaitPrompt().Type("exit");
        bash.AwaitEnd();
        recorder.Read();
        recorder.ShouldHave(bash.Pid, "exit");
        return recorder.Of(bash.Pid)[0].User;
    }
}
