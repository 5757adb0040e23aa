using System.Text.Json;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks;

/// <summary>The kernel's own account of what the agent's programs take (which costs a little, too); on until it is disposed of.</summary>
internal sealed class BpfStatistics : IDisposable
{
    private const string Switch = "/proc/sys/kernel/bpf_stats_enabled";

    private static readonly string[] Ours = ["tcp_on_", "udp_on_", "net_on_", "sock_on_", "tls_"];

    private readonly string _before = File.ReadAllText(Switch);

    public BpfStatistics() => File.WriteAllText(Switch, "1");

    /// <summary>Programs are found by their names: those of other tools on the host do not count.</summary>
    public static double RunNanoseconds()
    {
        using var programs = JsonDocument.Parse(Shell.Run("bpftool", "-j prog show"));
        return programs.RootElement.EnumerateArray()
            .Where(p => p.TryGetProperty("name", out var name) && Array.Exists(Ours, o => name.GetString()!.StartsWith(o, StringComparison.Ordinal)))
            .Sum(p => p.TryGetProperty("run_time_ns", out var time) ? time.GetDouble() : 0);
    }

    public void Dispose() => File.WriteAllText(Switch, _before);
}
