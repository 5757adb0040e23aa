using System.Text;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net;

public sealed class ProcessNamesTests : IDisposable
{
    private readonly TemporaryFolder _proc = new("proc");

    [Theory]
    [InlineData("short", "/usr/bin/something-else\0--flag\0", "short")]
    [InlineData("kube-controller", "/usr/local/bin/kube-controller-manager\0--x\0", "kube-controller-manager")]
    [InlineData("kube-controller", "sh\0-c\0x\0", "kube-controller")]
    [InlineData("kube-controller", "", "kube-controller")]
    public void A_cut_name_is_completed_from_a_command_line_that_agrees(string comm, string commandLine, string expected)
    {
        Directory.CreateDirectory($"{_proc.Path}/42");
        File.WriteAllText($"{_proc.Path}/42/cmdline", commandLine);

        new ProcessNames(_proc.Path).Name(42, Comm(comm)).ShouldBe(expected);
    }

    [Fact]
    public void A_process_that_is_gone_keeps_the_name_of_its_time()
    {
        new ProcessNames(_proc.Path).Name(7, Comm("kube-controller")).ShouldBe("kube-controller");
    }

    [Fact]
    public void One_pid_with_two_programs_in_turn_has_two_names()
    {
        var names = new ProcessNames(_proc.Path);

        names.Name(7, Comm("bash")).ShouldBe("bash");
        names.Name(7, Comm("curl")).ShouldBe("curl");
    }

    [Fact]
    public void A_number_that_is_given_to_another_process_gets_that_ones_name_and_keeps_it_when_it_is_gone()
    {
        var names = new ProcessNames(_proc.Path);
        Start("old", 100);
        names.Name(42).ShouldBe("old");

        Start("new) S 1", 200);
        names.Name(42).ShouldBe("new) S 1");

        Directory.Delete($"{_proc.Path}/42", recursive: true);
        names.Name(42).ShouldBe("new) S 1");
    }

    private void Start(string name, int ticks)
    {
        Directory.CreateDirectory($"{_proc.Path}/42");
        File.WriteAllText($"{_proc.Path}/42/comm", name + "\n");
        File.WriteAllText($"{_proc.Path}/42/stat", $"42 ({name}) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {ticks} 9000 100\n");
    }

    public void Dispose() => _proc.Dispose();

    private static Bytes16 Comm(string text)
    {
        Bytes16 comm = default;
        Encoding.UTF8.GetBytes(text).CopyTo(comm);
        return comm;
    }
}
