using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>What httpflow-tls needs from the kernel.</summary>
public static class TlsHooks
{
    public static readonly Hook Calls = new(
        "tls-calls",
        "HTTPS: what programs write to and read from their TLS library",
        "no httpflow-tls",
        [
            new("uprobe_multi", "uprobe_multi"),
            new("uprobe", "uprobe"),
            new("perf_event", "uprobe by perf_event_open"),
        ]);

    public static readonly Hook Sockets = new(
        "tls-sockets",
        "whose socket a TLS session is, by its ciphertext",
        "no httpflow-tls",
        [new("cgroup_skb", "cgroup_skb egress")]);

    public static readonly Hook Receive = new(
        "tls-receive",
        "whose socket a TLS session is, by the receive inside its read",
        "sessions of GnuTLS are not tied to their socket, and counted",
        [new("tp_btf", "tp_btf/tcp_rcv_space_adjust")]);

    public static readonly Hook Discovery = new(
        "tls-discovery",
        "libraries and programs that are new on the host",
        "only files that were in use at the start are captured",
        [
            new("mmap2", "PERF_RECORD_MMAP2"),
            new("proc", "/proc", "a program that lives for seconds may be missed"),
        ]);

    public static ImmutableArray<Hook> All { get; } = [Calls, Sockets, Receive, Discovery];
}
