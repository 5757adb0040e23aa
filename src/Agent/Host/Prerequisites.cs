using System.Runtime.InteropServices;

namespace EbpfActors.Agent.Host;

/// <summary>Names everything that is missing on a machine and what to do about it, one line each.</summary>
public static class Prerequisites
{
    public static readonly Version OldestKernel = new(5, 10);

    private const ulong SysAdmin = 1UL << 21;
    private const ulong NetAdmin = 1UL << 12;
    private const ulong PerfMon = 1UL << 38;
    private const ulong Bpf = 1UL << 39;

    public static IReadOnlyList<string> Missing(PrerequisiteFacts facts) => [.. Check(facts)];

    private static IEnumerable<string> Check(PrerequisiteFacts facts)
    {
        if (!facts.IsLinux || facts.Architecture != Architecture.X64)
        {
            var system = facts.IsLinux ? "linux" : "not Linux";
            yield return $"this machine is {system}/{facts.Architecture.ToString().ToLowerInvariant()}; the agent runs on linux/amd64 only";
        }

        if (facts.IsLinux && facts.Kernel < OldestKernel)
        {
            yield return $"kernel {facts.Kernel.ToString(2)} is too old; use {OldestKernel} or later";
        }

        if (!MayLoadPrograms(facts.Capabilities))
        {
            yield return "no permission to load eBPF programs; run as root, "
                + "or grant CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN (in a container: privileged)";
        }

        if (!facts.HasKernelBtf)
        {
            yield return "/sys/kernel/btf/vmlinux does not exist; "
                + "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (in a container: mount /sys)";
        }

        if (!facts.SupportsCGroup2)
        {
            yield return "the kernel has no cgroup2 file system (not in /proc/filesystems); use a kernel built with CONFIG_CGROUPS=y";
        }

        if (facts.OpenFiles < DescriptorLimit.Needed)
        {
            yield return DescriptorLimit.Complaint(facts.OpenFiles);
        }

        if (!facts.HasLibBpf)
        {
            yield return "libbpf.so.1 cannot be loaded; install it (Debian, Ubuntu: apt install libbpf1; RHEL, Fedora: dnf install libbpf)";
        }
    }

    /// <summary>CAP_SYS_ADMIN stands in for all three, as before kernel 5.8.</summary>
    private static bool MayLoadPrograms(ulong capabilities) =>
        (capabilities & SysAdmin) != 0 || (capabilities & (Bpf | PerfMon | NetAdmin)) == (Bpf | PerfMon | NetAdmin);
}
