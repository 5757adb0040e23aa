using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>What ebpf-bash needs from the kernel.</summary>
public static class BashHooks
{
    public static readonly Hook Lines = new(
        "bash-lines",
        "command lines, where readline returns",
        "no command lines",
        [
            new("uprobe_multi", "uprobe_multi"),
            new("uprobe", "uprobe"),
            new("perf_event", "uprobe by perf_event_open"),
        ]);

    public static readonly Hook Exec = new(
        "bash-exec",
        "a bash that is new on the host",
        "a bash whose file has no probe yet is found by the next scan",
        [
            new("tp_btf", "tp_btf/sched_process_exec"),
            new("raw_tp", "raw_tp/sched_process_exec"),
            new("proc_connector", "netlink proc connector"),
            new("scan", "scan of all processes", "a bash whose file has no probe yet is found up to 10 s late"),
        ]);

    public static readonly Hook Shells = new(
        "bash-shells",
        "shells that run already",
        "shells older than the agent are not seen before another one of their file begins",
        [
            new("iter", "iter/task"),
            new("proc", "/proc", "some 20 µs of the agent's CPU for each process, every 10 s"),
        ]);

    public static readonly Hook FirstLines = new(
        "bash-first-lines",
        "what is typed into a new file's first shells before its probe is attached",
        "what is typed into a new bash before its file has a probe, some 20 ms, is missed",
        [new("breakpoint", "hardware breakpoints of perf_event_open")]);

    public static ImmutableArray<Hook> All { get; } = [Lines, Exec, Shells, FirstLines];
}
