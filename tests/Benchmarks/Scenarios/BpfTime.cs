using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>What the programs themselves take, from the kernel's own statistics (which cost a little, too).</summary>
internal static class BpfTime
{
    private const string Switch = "/proc/sys/kernel/bpf_stats_enabled";
    private const int Connections = 5000;

    public static IEnumerable<Row> Run(int rounds)
    {
        using var agent = AgentProcess.Start("5m", Pairs.NetflowOnly);
        var before = File.ReadAllText(Switch);
        File.WriteAllText(Switch, "1");
        var perConnection = new List<double>();
        try
        {
            for (var i = 0; i < rounds; i++)
            {
                var start = RunNanoseconds();
                Connect();
                perConnection.Add((RunNanoseconds() - start) / Connections);
            }
        }
        finally
        {
            File.WriteAllText(Switch, before);
        }

        yield return new Row("BPF time per TCP connection, both ends", "ns", null, Row.Median(perConnection), "", true,
            $"{perConnection.Min():0}-{perConnection.Max():0}");
    }

    /// <summary>Programs are found by their names: those of other tools on the host do not count.</summary>
    private static double RunNanoseconds()
    {
        using var programs = JsonDocument.Parse(Shell.Run("bpftool", "-j prog show"));
        return programs.RootElement.EnumerateArray()
            .Where(p => p.TryGetProperty("name", out var name) && IsOurs(name.GetString()!))
            .Sum(p => p.TryGetProperty("run_time_ns", out var time) ? time.GetDouble() : 0);
    }

    private static bool IsOurs(string name) =>
        name.StartsWith("tcp_on_", StringComparison.Ordinal) || name.StartsWith("udp_on_", StringComparison.Ordinal) || name == "sock_on_release";

    private static void Connect()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        for (var i = 0; i < Connections; i++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(listener.LocalEndPoint!);
            client.LingerState = new LingerOption(true, 0);
            using var server = listener.Accept();
            client.Send("ping"u8);
            server.Receive(new byte[4]);
        }
    }
}
