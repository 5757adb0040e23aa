using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>What dnsperf says about a run of its own.</summary>
internal sealed partial record Dnsperf(long Sent, long Completed, long Lost, IReadOnlyDictionary<int, long> Codes, double PerSecond, TimeSpan Latency)
{
    private static readonly Dictionary<string, int> Rcodes = new()
    {
        ["NOERROR"] = 0,
        ["SERVFAIL"] = 2,
        ["NXDOMAIN"] = 3,
        ["REFUSED"] = 5,
    };

    /// <summary>Asks for these names, A records, one after the other and again from the start.</summary>
    /// <param name="space">Where dnsperf runs; null for here.</param>
    /// <param name="arguments">Server, port, rate, end.</param>
    /// <param name="names">What is asked for.</param>
    public static Dnsperf Run(NetworkNamespace? space, string arguments, params IEnumerable<string> names)
    {
        using var folder = new TemporaryFolder("dnsperf");
        File.WriteAllLines(folder["queries"], names.Select(n => n + " A"));
        var line = $"-d {folder["queries"]} {arguments}";
        return Read(space is null ? Shell.Run("dnsperf", line) : space.Exec("dnsperf", line));
    }

    private static Dnsperf Read(string report) => new(
        Number(report, "Queries sent"),
        Number(report, "Queries completed"),
        Number(report, "Queries lost"),
        Code().Matches(report).ToDictionary(m => Rcodes[m.Groups[1].Value], m => long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)),
        Fraction(report, "Queries per second"),
        TimeSpan.FromSeconds(Fraction(report, @"Average Latency \(s\)")));

    private static long Number(string report, string what) => (long)Fraction(report, what);

    private static double Fraction(string report, string what) =>
        double.Parse(Regex.Match(report, what + @":\s*([\d.]+)").Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"([A-Z]+) (\d+) \(\d+\.\d+%\)")]
    private static partial Regex Code();
}
