namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// What the kernel has of connection tracking now, by the names of files alone. Asking the kernel itself would load the modules
/// (nfnetlink requests <c>nfnetlink-subsys-1</c> for each question that it cannot answer): a host that tracks nothing would track
/// because it is observed, and one whose administrator forbids the module would start modprobe at each look.
/// </summary>
/// <param name="IsThere">nf_conntrack is loaded or built in.</param>
/// <param name="HasNetlink">The module that tells of connections over netlink is loaded; false where it is built in.</param>
/// <param name="HasTypes">The module's BTF is there; false where conntrack is built in, whose types are the kernel's.</param>
internal readonly record struct TrackingPresence(bool IsThere, bool HasNetlink, bool HasTypes)
{
    /// <param name="sysRoot">Where sysfs is mounted.</param>
    /// <param name="procRoot">Where procfs is mounted.</param>
    public static TrackingPresence Look(string sysRoot = "/sys", string procRoot = "/proc") => new(
        Directory.Exists($"{sysRoot}/module/nf_conntrack") || File.Exists($"{procRoot}/sys/net/netfilter/nf_conntrack_max"),
        Directory.Exists($"{sysRoot}/module/nf_conntrack_netlink"),
        File.Exists($"{sysRoot}/kernel/btf/nf_conntrack"));
}
