using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>10,000 new translated connections a second: what the agent takes for them, beyond what netflow takes for their packets.</summary>
internal static partial class ConntrackCost
{
    private const int PerSecond = 10_000;
    private const int Seconds = 4;

    public static IEnumerable<Row> Run(int rounds)
    {
        var share = new List<double>();
        for (var i = 0; i < Math.Min(rounds, 3); i++)
        {
            share.Add(Measure("ebpf-net,ebpf-conntrack", listensIn: 2) - Measure("ebpf-net", listensIn: 0));
        }

        yield return Row.Below("conntrack, CPU of the reading threads at 10,000 new translated connections/s", "% of a core", share, 10);
    }

    /// <summary>Per cent of a core while the traffic runs, which begins when the agent listens in so many namespaces at least.</summary>
    private static double Measure(string plugins, int listensIn)
    {
        using var space = new NetworkNamespace();
        space.Exec("nft", "add table ip nat");
        space.Exec("nft", "add chain ip nat out { type nat hook output priority -100; }");
        space.Exec("nft", "add rule ip nat out ip daddr 127.0.0.8/30 udp dport 1-65535 dnat to 127.0.0.1");
        using var agent = AgentProcess.Start("2s", "--enabled", plugins, "--l7net-disabled", "httpflow,httpflow-tls", "--max-connections", "262144");
        agent.WaitFor(() => Namespaces().Match(agent.Status()) is { Success: true } m ? int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture) >= listensIn : listensIn == 0);
        space.Run(() => Send("127.0.0.9")); // what is compiled on the way is no cost of a connection
        var before = agent.CpuOfProbes;
        var clock = Stopwatch.StartNew();
        space.Run(() => Send("127.0.0.10"));
        return (agent.CpuOfProbes - before) / clock.Elapsed * 100;
    }

    [GeneratedRegex("netlink in each network namespace, ([0-9]+) now")]
    private static partial Regex Namespaces();

    /// <summary>Each port of the peer is a connection of its own; a millisecond's worth at a time.</summary>
    private static void Send(string peer)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var clock = Stopwatch.StartNew();
        for (var sent = 0; sent < PerSecond * Seconds; sent++)
        {
            if (sent % (PerSecond / 1000) == 0)
            {
                SpinWait.SpinUntil(() => clock.Elapsed.TotalSeconds >= (double)sent / PerSecond);
            }

            try
            {
                socket.SendTo([1], new IPEndPoint(IPAddress.Parse(peer), 1 + sent));
            }
            catch (SocketException)
            {
                // Nobody listens there, and the kernel says so with the next datagram.
            }
        }
    }
}
