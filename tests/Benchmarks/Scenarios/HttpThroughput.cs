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
        double KeepAlive() => Wrk(nginx, "");
        double Close() => Wrk(nginx, "-H \"Connection: close\" ");
        yield return Row.Ratio("netflow, HTTP keep-alive, requests/s", Pairs.Measure(rounds, KeepAlive, Pairs.NetflowOnly), 0.98);
        yield return Row.Ratio("netflow, HTTP Connection: close, requests/s", Pairs.Measure(rounds, Close, Pairs.NetflowOnly), 0.93);
        yield return Row.Ratio("httpflow, HTTP keep-alive, requests/s", Pairs.Measure(rounds, KeepAlive), 0.93);
        using var certificate = new Certificate();
        using var secure = new HttpsNginx(workers: 1, certificate);
        var url = $"https://127.0.0.1:{secure.Port}/";
        using var apart = new LibrariesApart();
        string[] tls = ["--l7net-enabled", "httpflow,httpflow-tls"];
        yield return Row.Ratio("httpflow-tls, HTTPS keep-alive, nginx probed, requests/s",
            Pairs.Measure(rounds, () => Wrk(url, "", apart.Folder), [.. tls, "--tls-exclude", $"{apart.Folder}/*"]), 0.75);
        yield return Row.Ratio("httpflow-tls, HTTPS keep-alive, nginx and wrk probed, requests/s",
            Pairs.Measure(rounds, () => Wrk(url, ""), tls), 0.75);
    }

    internal static double Wrk(Nginx nginx, string header) => Wrk($"http://127.0.0.1:{nginx.Port}/", header);

    private static double Wrk(string url, string header, string libraries = "")
    {
        var output = Shell.Run("env", $"LD_LIBRARY_PATH={libraries} wrk -t1 -c16 -d{Seconds}s {header}{url}");
        return double.Parse(RequestsPerSecond().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s*([\d.]+)")]
    private static partial Regex RequestsPerSecond();
}
