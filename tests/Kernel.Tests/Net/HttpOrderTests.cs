using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Segments that are lost on their way come again, behind those that were sent after them.</summary>
public sealed class HttpOrderTests
{
    private const string Request = "GET /out-of-order HTTP/1.1\r\nHost: here\r\nX: y\r\n\r\n";
    private const string Response = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello, world";
    private const int Header = 52; // of IPv4 and of TCP with timestamps

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_head_whose_segments_come_in_the_wrong_order_is_read_in_the_right_one(int lost)
    {
        var (near, far) = NetworkNamespace.Pair();
        using var _ = near;
        using var __ = far;
        using var recorder = new FlowRecorder();
        using var listener = far.Run(() => TcpExchange.Listen(IPAddress.Any));
        using var client = near.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        client.Connect("10.77.0.2", TcpExchange.Port(listener));
        using var server = listener.Accept();
        server.NoDelay = true;

        Send(client, server, far, Request, lost);
        Send(server, client, near, Response, lost);

        HttpExchange[] Seen() => [.. recorder.Exchanges.Where(e => e.Flow.NetNamespace == near.Inode || e.Flow.NetNamespace == far.Inode)];
        recorder.Until(_ => Seen().Length >= 2, () => $"both sides, not {string.Join(", ", Seen())}, {string.Join(", ", recorder.Counters.Losses)}");
        Seen().ShouldAllBe(e => e.Method == "GET" && e.Path == "/out-of-order" && e.Status == 200 && e.Count == 1);
        Seen().Select(e => (e.Flow.Direction, e.BytesRead, e.BytesWritten)).ShouldBe(
            [
                (Direction.Outgoing, (ulong)Response.Length, (ulong)Request.Length),
                (Direction.Incoming, (ulong)Request.Length, (ulong)Response.Length),
            ],
            ignoreOrder: true);
        recorder.OwnLosses.ShouldBeEmpty();
    }

    /// <summary>Sends in four pieces of different lengths, of which the receiver's firewall drops one, once.</summary>
    private static void Send(Socket from, Socket to, NetworkNamespace receiver, string text, int lost)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        int[] ends = [0, 7, 16, 27, bytes.Length];
        var length = ends[lost + 1] - ends[lost];
        receiver.Exec("nft", "add table inet order");
        receiver.Exec("nft", "add chain inet order lossy { type filter hook input priority 0 ; }");
        receiver.Exec("nft", $"add rule inet order lossy ip length {Header + length} limit rate 1/hour burst 1 packets counter drop");
        for (var i = 0; i < ends.Length - 1; i++)
        {
            from.Send(bytes.AsSpan(ends[i]..ends[i + 1]));
        }

        TcpExchange.ReceiveAll(to, new byte[bytes.Length], bytes.Length);
        receiver.Exec("nft", "list chain inet order lossy").ShouldContain("packets 1 ");
        receiver.Exec("nft", "delete table inet order");
    }
}
