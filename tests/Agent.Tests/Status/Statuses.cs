using EbpfActors.Actors.Ledger;
using EbpfActors.Agent.Status;
using EbpfActors.Probes;

namespace EbpfActors.Agent.Tests.Status;

internal static class Statuses
{
    public static readonly AgentStatus Full = new()
    {
        Version = "1.2.3",
        Pid = 42,
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        UptimeSeconds = 3723,
        Plugins =
        [
            new("ebpf-net", "running", "", 1, [new HookStatus("tcp-state", "tp_btf/inet_sock_set_state", ""), new HookStatus("udp-send", "", "not [found]")]),
            new("ebpf-conntrack", "attached", "", 0,
            [
                new HookStatus("nat-events", "netlink", "it costs more") { Refused = [new HookRefusal("fentry", "attach: not permitted"), new HookRefusal("kprobe", "left out")] },
                new HookStatus("nat-dump", "", "") { WaitsFor = "connection tracking" },
            ]),
            new("ebpf-bash", "failed", "attach: no such thing", 3, []) { RetryAt = new DateTimeOffset(2026, 1, 2, 4, 5, 6, TimeSpan.Zero) },
        ],
        Ledger = [new LedgerEntry("flows", "records", 1000, 900, new Dictionary<string, long> { ["ring-full"] = 60 })],
        Writer = new WriterStatus { State = "retrying", LastError = "connection refused", SpoolEntries = 2, SpoolPoints = 1024, SpoolBytes = 1 << 20, SpoolLimitBytes = 256 << 20 },
        Limits = [new TableFill("connections", 512, 65536)],
        Warnings = ["interval 5s is below 10s"],
    };
}
