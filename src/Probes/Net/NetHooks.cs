using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Net;

/// <summary>The logical hooks of the net object, which of them netflow cannot do without, and what is lost without the others.</summary>
internal static class NetHooks
{
    private sealed record Hook(string Name, string Rung, string[] Programs, bool Cgroup, string WithoutIt);

    private static readonly Hook UdpPackets = new("udp-packets", "cgroup_skb", ["udp_on_ingress", "udp_on_egress"], Cgroup: true, "");
    private static readonly Hook AllPackets = new("udp-and-http-packets", "cgroup_skb", ["net_on_ingress", "net_on_egress"], Cgroup: true, "");

    /// <summary>The first rung of the ladder for translated connections; it is part of the packet programs.</summary>
    private static readonly HookStatus OwnNat = new("nat-packets", "cgroup_skb egress", "");

    private static readonly Hook[] Hooks =
    [
        new("tcp-state", "tp_btf/inet_sock_set_state", ["tcp_on_state"], Cgroup: false, ""),
        new("udp-refused", "tp_btf/udp_fail_queue_rcv_skb", ["udp_on_refused"], Cgroup: false,
            "datagrams that a full socket buffer refused count as received"),
        new("tcp-accept", "cgroup/getpeername", ["tcp_on_accept4", "tcp_on_accept6"], Cgroup: true,
            "the process of an accepted connection is the one that holds the socket at the next sweep"),
        new("udp-bind", "cgroup/post_bind", ["udp_on_bind4", "udp_on_bind6"], Cgroup: true,
            "the process of a UDP server is known once it answers"),
        new("socket-release", "cgroup/sock_release", ["sock_on_release"], Cgroup: true,
            "UDP flows end by being idle, not when their socket is closed"),
    ];

    /// <summary>Attaches all; one that is optional and refused is reported with what it costs, one that is not is thrown.</summary>
    internal static IReadOnlyList<HookStatus> Attach(BpfObject net, SafeHandle cgroup, bool http, Action<IDisposable> keep) =>
        [.. Hooks.Append(http ? AllPackets : UdpPackets).Select(hook => Attach(net, cgroup, keep, hook)), OwnNat];

    /// <summary>Before the load: leaves out the programs that nobody asked for.</summary>
    internal static void Choose(BpfObject net, bool http) =>
        Array.ForEach((http ? UdpPackets : AllPackets).Programs, net.Skip);

    private static HookStatus Attach(BpfObject net, SafeHandle cgroup, Action<IDisposable> keep, Hook hook)
    {
        try
        {
            foreach (var program in hook.Programs)
            {
                keep(hook.Cgroup ? net.AttachCgroup(program, cgroup) : net.Attach(program));
            }

            return new HookStatus(hook.Name, hook.Rung, "");
        }
        catch (BpfException e) when (hook.WithoutIt.Length > 0)
        {
            return new HookStatus(hook.Name, "", $"{hook.WithoutIt}: {e.Message}");
        }
    }
}
