using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>What httpflow-tls needs from the kernel.</summary>
public static class TlsHooks
{
    private const string PlainReads = "each read of OpenSSL costs two probes, and one that waits since before the agent is not seen";

    public static readonly Hook Calls = new(
        "tls-calls",
        "HTTPS: what programs write to and read from their TLS library",
        "no httpflow-tls",
        [
            new("uprobe_multi", "uprobe_multi"),
            new("uprobe", "uprobe", PlainReads),
            new("perf_event", "uprobe by perf_event_open", PlainReads),
        ]);

    public static readonly Hook Sockets = new(
        "tls-sockets",
        "whose socket an OpenSSL session is, by its ciphertext",
        "OpenSSL sessions are tied to a socket by tls-receive; those whose program receives outside of the read (.NET, node, asyncio) are counted as tls-no-join",
        [new("cgroup_skb", "cgroup_skb egress")]);

    public static readonly Hook Receive = new(
        "tls-receive",
        "whose socket a TLS session is, by the receive inside its read",
        "GnuTLS is not captured",
        [
            new("tp_btf", "tp_btf/tcp_rcv_space_adjust"),
            new("raw_tp", "raw_tp/tcp_rcv_space_adjust"),
        ]);

    public static readonly Hook Discovery = new(
        "tls-discovery",
        "libraries and programs that are new on the host",
        "only files that were in use at the start are captured",
        [
            new("mmap2", "PERF_RECORD_MMAP2"),
            new("proc", "/proc", "a new file is found by a scan, up to 5 s late: a program that lives for seconds may be missed"),
        ]);

    public static ImmutableArray<Hook> All { get; } = [Calls, Sockets, Receive, Discovery];
}
