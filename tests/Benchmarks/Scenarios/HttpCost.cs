using System.Globalization;
using System.Text.RegularExpressions;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>What httpflow takes for a request when nginx and wrk leave the machine nothing, and whether it saw every one.</summary>
internal static partial class HttpCost
{
    private const int Sides = 2;

    public static IEnumerable<Row> Run(int rounds)
    {
        using var nginx = Nginx.Start(workers: 1);
        var kernel = new List<double>();
        var agent = new List<double>();
        var missing = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var round = Measure(nginx);
            kernel.Add(round.KernelNs);
            agent.Add(round.AgentPercent);
            missing.Add(round.Missing);
        }

        yield return Row.Below("httpflow, BPF time per exchange and side", "ns", kernel, 1_200);
        yield return Row.Below("httpflow, agent CPU at 10,000 requests/s, both sides", "% of a core", agent, 3);
        yield return Row.Below("httpflow at saturation, exchanges missing or doubled", "", missing, 1);
    }

    private static (double KernelNs, double AgentPercent, double Missing) Measure(Nginx nginx)
    {
        using var agent = AgentProcess.Start("2s");
        using var statistics = new BpfStatistics();
        var (cpu, kernel, handled) = (agent.Cpu, BpfStatistics.RunNanoseconds(), Handled(nginx));
        HttpThroughput.Wrk(nginx, "");
        var requests = Handled(nginx) - handled - 1; // the second look is a request itself
        var spent = BpfStatistics.RunNanoseconds() - kernel;
        Thread.Sleep(TimeSpan.FromSeconds(3)); // a flush later everything is paid for
        var share = (agent.Cpu - cpu).TotalSeconds / requests * 10_000 * 100;
        var seen = Counted(agent.StopAndReadPoints(), nginx.Port);
        return (spent / requests / Sides, share, Math.Abs(requests - seen));
    }

    /// <summary>nginx's own count of requests.</summary>
    private static long Handled(Nginx nginx) =>
        long.Parse(Requests().Match(nginx.Get("/status")).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>Exchanges of the server's side, without those that asked for its count.</summary>
    private static long Counted(string[] points, int port) => points
        .Where(p => p.StartsWith("httpflow,", StringComparison.Ordinal) && p.Contains("direction=incoming", StringComparison.Ordinal))
        .Where(p => p.Contains($"src_port={port},", StringComparison.Ordinal) && p.Contains("path=\"/\"", StringComparison.Ordinal))
        .Sum(p => long.Parse(Count().Match(p).Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"server accepts handled requests\s+\d+ \d+ (\d+)")]
    private static partial Regex Requests();

    [GeneratedRegex(@"[ ,]count=(\d+)i")]
    private static partial Regex Count();
}
