using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

public sealed class TcpLossTests
{
    private const int Bytes = 400_000;

    [Theory]
    [InlineData("input", "far")]    // lost on the way
    [InlineData("output", "near")]  // refused by this host's own firewall: the kernel's bytes_sent counts these twice
    public void Lost_segments_show_as_retransmits_and_never_as_bytes(string hook, string where)
    {
        var (near, far) = NetworkNamespace.Pair();
        using var _ = near;
        using var __ = far;
        var dropping = where == "far" ? far : near;
        dropping.Exec("nft", "add table inet loss");
        dropping.Exec("nft", $"add chain inet loss lossy {{ type filter hook {hook} priority 0 ; }}");
        using var recorder = new FlowRecorder();
        using var listener = far.Run(() => TcpExchange.Listen(IPAddress.Any));
        using var client = near.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        client.NoDelay = true;
        client.Connect("10.77.0.2", TcpExchange.Port(listener));
        using var server = listener.Accept();
        bool FromClient(FlowIdentity flow) => flow.NetNamespace == near.Inode;
        bool FromServer(FlowIdentity flow) => flow.NetNamespace == far.Inode;

        dropping.Exec("nft", $"add rule inet loss lossy tcp dport {TcpExchange.Port(listener)} numgen inc mod 7 == 3 drop");
        TcpExchange.Transfer(client, server, Bytes);
        dropping.Exec("nft", "flush chain inet loss lossy");
        TcpExchange.Transfer(server, client, 1);

        var kernel = SocketStatistics.Of(client, near);
        if (where == "far")
        {
            kernel.Retransmits.ShouldBeGreaterThan(0, "the rule dropped nothing");
        }

        recorder.ShouldReach(FromClient, new FlowSum(Bytes, 1, 1, 0, kernel.Retransmits));
        recorder.ShouldReach(FromServer, new FlowSum(1, Bytes, 1));
    }
}
