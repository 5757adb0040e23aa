using EbpfActors.Probes;
using EbpfActors.Probes.Bpf;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Bpf;

/// <summary>What a probe without a BPF link answers when it cannot be had. That it works is shown by the plugins that use it.</summary>
public sealed class PerfUprobeTests
{
    private const string Program = "bash_on_line";

    [Fact]
    public void A_file_that_is_there_is_probed_and_let_go()
    {
        using var bash = Loaded();

        using var probe = PerfUprobe.Attach(bash, Program, "/bin/bash", 0x1000, isReturn: true);

        probe.IsInvalid.ShouldBeFalse();
    }

    [Theory]
    [InlineData("/nowhere", Errno.NoEntry)]
    [InlineData("/", Errno.Invalid)]
    public void A_file_that_cannot_be_probed_is_refused_with_its_errno(string path, int errno)
    {
        using var bash = Loaded();

        var refusal = Should.Throw<BpfException>(() => PerfUprobe.Attach(bash, Program, path, 0x1000, isReturn: false));

        refusal.Errno.ShouldBe(errno);
        refusal.Operation.ShouldBe($"attach {Program} to {path} at 1000");
    }

    private static BpfObject Loaded()
    {
        var bash = BpfObject.Open("bash");
        bash.Load();
        return bash;
    }
}
