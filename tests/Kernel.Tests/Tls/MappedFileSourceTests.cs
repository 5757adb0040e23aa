using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls.Discovery;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>The files of real processes, those that are about to be gone among them.</summary>
public sealed class MappedFileSourceTests
{
    private readonly MappedFileSource _source = new("/proc");

    [Fact]
    public void A_zombie_is_gone_and_no_problem()
    {
        using var parent = new RunningProgram("sh", "-c \"sleep 1000 & echo $!; exec sleep 1000\"");
        var child = int.Parse(parent.StandardOutput.ReadLine()!);
        Eventually.Holds(() => File.ReadAllText($"/proc/{parent.Id}/comm") == "sleep\n"); // from here on it waits for no child
        Shell.Run("kill", $"-KILL {child}");
        Eventually.Holds(() => File.ReadAllText($"/proc/{child}/stat").Contains(") Z ", StringComparison.Ordinal));

        _source.Open(new Mapping(child, 0x1000, 0x2000, new(8, 1), 0, "/of/a/container/libssl.so.3"u8), null, out var problem).ShouldBeNull();

        problem.ShouldBeNull();
    }
}
