using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>What ebpf-net needs from the kernel.</summary>
public static class NetHooks
{
    public static readonly Hook TcpState = new(
        "tcp-state",
        "TCP connections begin and end",
        "no TCP connection is reported, no httpflow",
        [
            new("tp_btf", "tp_btf/inet_sock_set_state"),
            new("raw_tp", "raw_tp/inet_sock_set_state"),
            new("sock_ops", "cgroup/sock_ops", "the end of a connection that is older than the agent is its release by the last process that has it open"),
            new("sock_diag", "netlink sock_diag", "no httpflow; owners are looked up in /proc, which short connections may outrun"),
        ]);

    public static readonly Hook Sweep = new(
        "sweep",
        "counters of open connections at each flush",
        "connections are reported when they are closed, UDP flows never",
        [
            new("syscall", "syscall program"),
            new("iter", "iter/bpf_map_elem"),
            new("raw_tp", "raw_tp test run"),
            new("sock_diag", "netlink sock_diag", "the kernel lists all TCP sockets at each flush"),
        ]);

    public static readonly Hook Adopt = new(
        "adopt",
        "sockets older than the agent, owners that no other hook has told",
        "connections older than the agent are not reported",
        [
            new("iter", "iter/task_file"),
            new("sock_diag", "netlink sock_diag, /proc", "slower on hosts with many sockets"),
        ]);

    public static readonly Hook Packets = new(
        "packets",
        "UDP packets, DNS messages, HTTP heads, translation in the socket's own namespace",
        "no UDP flows, no dnsflow, no httpflow",
        [
            new("cgroup_skb_http", "cgroup_skb, with HTTP"),
            new("cgroup_skb", "cgroup_skb", "no httpflow"),
        ]);

    public static readonly Hook UdpRefused = new(
        "udp-refused",
        "datagrams refused by a full socket",
        "datagrams that a full socket buffer refused count as received",
        [new("tp_btf", "tp_btf/udp_fail_queue_rcv_skb")]);

    public static readonly Hook TcpAccept = new(
        "tcp-accept",
        "who accepted a connection",
        "the process of an accepted connection is the one that holds the socket at the next flush",
        [new("cgroup", "cgroup/getpeername4, 6")]);

    public static readonly Hook UdpBind = new(
        "udp-bind",
        "who bound a UDP socket",
        "the process of a UDP server is known once it answers",
        [new("cgroup", "cgroup/post_bind4, 6")]);

    public static readonly Hook SocketRelease = new(
        "socket-release",
        "the end of a UDP socket",
        "UDP flows end by being idle, not when their socket is closed",
        [new("cgroup", "cgroup/sock_release")]);

    public static ImmutableArray<Hook> All { get; } =
        [TcpState, Sweep, Adopt, Packets, UdpRefused, TcpAccept, UdpBind, SocketRelease];
}
