using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>What ebpf-conntrack needs from the kernel.</summary>
public static class ConntrackHooks
{
    public static readonly Hook Events = new(
        "nat-events",
        "translated connections begin and end",
        "connections are reported untranslated, but for those that their own packets show",
        [
            new("fentry", "fentry on __nf_conntrack_hash_insert, nf_ct_delete"),
            new("kprobe", "kprobe on __nf_conntrack_hash_insert, nf_ct_delete"),
            new("netlink", "netlink in each network namespace", "about 4 µs of the agent's CPU for each translated connection"),
        ]);

    public static readonly Hook Dump = new(
        "nat-dump",
        "translated connections older than the agent",
        "connections translated before the start are reported untranslated",
        [new("netlink", "netlink dump in each network namespace")]);

    public static ImmutableArray<Hook> All { get; } = [Events, Dump];
}
