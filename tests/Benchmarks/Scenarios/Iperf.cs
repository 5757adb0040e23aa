using System.Text.Json;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>iperf3 on loopback: bulk TCP, and small UDP packets, the one thing that costs per packet.</summary>
internal static class Iperf
{
    private const int Port = 15201;
    private const int Seconds = 4;

    public static IEnumerable<Row> Run(int rounds)
    {
        using var server = new RunningProgram("iperf3", $"-s -B 127.0.0.1 -p {Port}");
        WaitUntilItListens();
        yield return Row.Ratio("netflow, iperf3 TCP, bit/s", Pairs.Measure(rounds, () => Received("", "bits_per_second"), Pairs.NetflowOnly), 0.98);
        yield return Row.Ratio("netflow, UDP 64 bytes, packets/s", Pairs.Measure(rounds, () => Received("-u -b 0 -l 64", "packets"), Pairs.NetflowOnly), 0.93);
    }

    private static double Received(string arguments, string member)
    {
        using var report = JsonDocument.Parse(Shell.Run("iperf3", $"-c 127.0.0.1 -p {Port} -t {Seconds} -J {arguments}"));
        var end = report.RootElement.GetProperty("end");
        if (member != "packets")
        {
            return end.GetProperty("sum_received").GetProperty(member).GetDouble();
        }

        var sum = end.GetProperty("sum");
        return (sum.GetProperty("packets").GetDouble() - sum.GetProperty("lost_packets").GetDouble()) / sum.GetProperty("seconds").GetDouble();
    }

    private static void WaitUntilItListens() =>
        Eventually.Holds(() => Shell.Run("ss", $"-Hltn sport = :{Port}").Contains($":{Port}", StringComparison.Ordinal));
}
