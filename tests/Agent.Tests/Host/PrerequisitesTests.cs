using System.Runtime.InteropServices;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class PrerequisitesTests
{
    private static readonly PrerequisiteFacts Good = new()
    {
        IsLinux = true,
        Architecture = Architecture.X64,
        Kernel = new Version(5, 10, 0),
        Capabilities = ulong.MaxValue,
        HasKernelBtf = true,
        SupportsCGroup2 = true,
        HasLibBpf = true,
        OpenFiles = 512,
    };

    [Fact]
    public void A_machine_that_has_everything_misses_nothing() => Assert.Empty(Prerequisites.Missing(Good));

    [Fact]
    public void Bpf_perfmon_and_net_admin_together_are_enough() =>
        Assert.Empty(Prerequisites.Missing(Good with { Capabilities = (1UL << 39) | (1UL << 38) | (1UL << 12) }));

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL << 39)]
    [InlineData((1UL << 39) | (1UL << 38))]
    public void Fewer_capabilities_are_not(ulong capabilities) =>
        Assert.StartsWith("no permission to load eBPF programs; run as root", Only(Good with { Capabilities = capabilities }), StringComparison.Ordinal);

    [Fact]
    public void Each_missing_thing_is_one_line_that_says_what_to_do()
    {
        Assert.Equal("kernel 4.19 is too old; use 5.10 or later", Only(Good with { Kernel = new Version(4, 19, 200) }));
        Assert.Contains("/sys/kernel/btf/vmlinux", Only(Good with { HasKernelBtf = false }), StringComparison.Ordinal);
        Assert.Contains("cgroup2", Only(Good with { SupportsCGroup2 = false }), StringComparison.Ordinal);
        Assert.Contains("apt install libbpf1", Only(Good with { HasLibBpf = false }), StringComparison.Ordinal);
        Assert.Equal("511 open files are too few; allow 512 or more (ulimit -n; LimitNOFILE= of systemd)", Only(Good with { OpenFiles = 511 }));
        Assert.Contains("linux/arm64", Only(Good with { Architecture = Architecture.Arm64 }), StringComparison.Ordinal);
        Assert.Contains("not Linux", Only(Good with { IsLinux = false }), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_missing_is_named_at_once() =>
        Assert.Equal(3, Prerequisites.Missing(Good with { Capabilities = 0, HasKernelBtf = false, HasLibBpf = false }).Count);

    private static string Only(PrerequisiteFacts facts) => Assert.Single(Prerequisites.Missing(facts));
}
