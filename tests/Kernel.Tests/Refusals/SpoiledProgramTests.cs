using EbpfActors.Probes;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Refusals;

public sealed class SpoiledProgramTests
{
    [Fact]
    public void The_kernel_refuses_a_spoiled_program_and_the_refusal_names_it()
    {
        using var bash = SpoiledProgram.Open("bash", "bash_scan");

        var refusal = Should.Throw<BpfException>(bash.Load);

        refusal.Errno.ShouldBe(Errno.Invalid);
        refusal.Program.ShouldBe("bash_scan");
    }

    [Fact]
    public void The_others_load_without_it()
    {
        using var bash = SpoiledProgram.Open("bash", "bash_scan");
        bash.Skip("bash_scan");

        bash.Load();

        bash.ProgramFd("bash_on_line").ShouldBeGreaterThan(0);
    }
}
