using System.Globalization;
using System.Text.RegularExpressions;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>nginx and wrk on loopback: what the agent costs per request and per connection.</summary>
internal static partial class HttpThroughput
{
    private const int Seconds = 4;

    public static IEnumerable<Row> Run(int rounds)
    {
        using var nginx = Nginx.Start(workers: 1);
        yield return Row.Ratio("HTTP keep-alive, requests/s", Pairs.Measure(rounds, () => Wrk(nginx, "")), 0.98);
        yield return Row.Ratio("HTTP Connection: close, requests/s", Pairs.Measure(rounds, () => Wrk(nginx, "-H \"Connection: close\" ")), 0.93);
    }

    private static double Wrk(Nginx nginx, string header)
    {
        var output = Shell.Run("wrk", $"-t1 -c16 -d{Seconds}s {header}http://127.0.0.1:{nginx.Port}/");
        return double.Parse(RequestsPerSecond().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s*([\d.]+)")]
    private static partial Regex RequestsPerSecond();
}
