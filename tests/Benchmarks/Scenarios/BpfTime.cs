using System.Net;
using System.Net.Sockets;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>What the programs of netflow take for a connection.</summary>
internal static class BpfTime
{
    private const int Connections = 5000;

    public static IEnumerable<Row> Run(int rounds)
    {
        using var agent = AgentProcess.Start("5m", Pairs.NetflowOnly);
        using var statistics = new BpfStatistics();
        var perConnection = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var start = BpfStatistics.RunNanoseconds();
            Connect();
            perConnection.Add((BpfStatistics.RunNanoseconds() - start) / Connections);
        }

        yield return new Row("BPF time per TCP connection, both ends", "ns", null, Row.Median(perConnection), "", true,
            $"{perConnection.Min():0}-{perConnection.Max():0}");
    }

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
