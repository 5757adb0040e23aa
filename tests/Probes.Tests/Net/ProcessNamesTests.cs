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

    public void Dispose() => _proc.Dispose();

    private static Bytes16 Comm(string text)
    {
        Bytes16 comm = default;
        Encoding.UTF8.GetBytes(text).CopyTo(comm);
        return comm;
    }
}
