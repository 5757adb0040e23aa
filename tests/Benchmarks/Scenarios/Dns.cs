using System.Diagnostics;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>unbound and dnsperf in two network namespaces: what the agent costs a query when client and server are both on this host.</summary>
internal static class Dns
{
    private const int Port = 5399;
    private const int Seconds = 4;
    private const int Rate = 10_000;

    private static readonly string[] Names = ["a.test", "b.test", "nowhere.test", "x.refused.test"];
    private static readonly string[] Flags = [.. Pairs.NetflowOnly, "--dns-ports", $"{Port}"];

    public static IEnumerable<Row> Run(int rounds)
    {
        var (near, far) = NetworkNamespace.Pair();
        using var nearEnd = near;
        using var farEnd = far;
        using var unbound = Unbound.Start(far, Port);
        double AsFastAsItGoes() => Query(near, "").PerSecond;
        yield return Row.Ratio("dnsflow, dnsperf, queries/s", Pairs.Measure(rounds, AsFastAsItGoes, Flags), 0.93);
        yield return Cpu(near, rounds);
    }

    private static Row Cpu(NetworkNamespace near, int rounds)
    {
        using var agent = AgentProcess.Start("10s", Flags);
        Query(near, $"-Q {Rate}"); // what is compiled on the way is no cost of a query
        var milliseconds = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var before = Cpu(agent);
            var run = Query(near, $"-Q {Rate}");
            milliseconds.Add((Cpu(agent) - before).TotalMilliseconds / run.Completed * 10_000);
        }

        return new Row("dnsflow, agent CPU per 10,000 queries, both ends", "ms", null, Row.Median(milliseconds), "", true,
            $"{milliseconds.Min():0.#}-{milliseconds.Max():0.#}");
    }

    /// <summary>Of the whole process: a sum over threads loses those that end, as the compiler's do.</summary>
    private static TimeSpan Cpu(AgentProcess agent)
    {
        using var process = Process.GetProcessById(agent.Pid);
        return process.TotalProcessorTime;
    }

    private static Dnsperf Query(NetworkNamespace near, string more) =>
        Dnsperf.Run(near, $"-s 10.77.0.2 -p {Port} -c 8 -T 1 -l {Seconds} {more}", Names);
}
