using System.Net;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What networks and kernels do to a stream on its way, and that the rest of the connection does not suffer for it.</summary>
public sealed class HttpLossTests(HttpHost host) : IClassFixture<HttpHost>
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private const int TcpLevel = 6;
    private const int DeferAccept = 9;

    [Fact]
    public void A_server_that_accepts_only_with_data_has_its_first_request_seen()
    {
        const string First = "GET /1 HTTP/1.1\r\n\r\n";
        using var talk = new HttpTalk(
            host,
            listener: () =>
            {
                var listener = TcpExchange.Listen(IPAddress.Loopback);
                listener.SetRawSocketOption(TcpLevel, DeferAccept, [30, 0, 0, 0]);
                return listener;
            },
            first: First);
        talk.Heard(First).Answer(Ok).Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok).Say("GET /3 HTTP/1.1\r\n\r\n").Answer(Ok);
        talk.Close();

        // The packet that makes such a connection passes while there is only the listener.
        talk.ShouldHaveBeen("", new("GET", "/1", 200, 19, 38), new("GET", "/2", 200, 19, 38), new("GET", "/3", 200, 19, 38));
    }

    [Fact]
    public void A_request_that_is_overtaken_by_its_own_end_is_read_in_order()
    {
        using var space = LossySpace();
        using var talk = space.Run(() => new HttpTalk(host));
        var head = $"GET /1 HTTP/1.1\r\nCookie: {new string('c', 1500)}";
        const string Rest = "; more\r\n\r\n";
        talk.Client.Send(System.Text.Encoding.ASCII.GetBytes(head + Rest));
        talk.Heard(head + Rest).Answer(Ok).Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok).Say("GET /3 HTTP/1.1\r\n\r\n").Answer(Ok);
        talk.Close();

        talk.ShouldHaveBeen("", new("GET", "/1", 200, head.Length + Rest.Length, 38), new("GET", "/2", 200, 19, 38), new("GET", "/3", 200, 19, 38));
    }

    [Fact]
    public void A_response_that_is_overtaken_by_its_own_end_is_read_in_order()
    {
        using var space = LossySpace();
        using var talk = space.Run(() => new HttpTalk(host));
        var head = $"HTTP/1.1 200 OK\r\nSet-Cookie: {new string('c', 1500)}\r\nContent-Length: 3";
        const string Rest = "\r\n\r\nabc";
        talk.Say("GET /1 HTTP/1.1\r\n\r\n");
        talk.Server.Send(System.Text.Encoding.ASCII.GetBytes(head + Rest));
        TcpExchange.ReceiveAll(talk.Client, new byte[head.Length + Rest.Length], head.Length + Rest.Length);
        talk.Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok).Say("GET /3 HTTP/1.1\r\n\r\n").Answer(Ok);
        talk.Close();

        talk.ShouldHaveBeen("", new("GET", "/1", 200, 19, head.Length + Rest.Length), new("GET", "/2", 200, 19, 38), new("GET", "/3", 200, 19, 38));
    }

    [Fact]
    public void A_connection_that_is_adopted_between_a_request_and_its_response_is_covered_from_the_next_request_on()
    {
        using var older = new TcpExchange(IPAddress.Loopback);
        older.Client.Send("GET /1 HTTP/1.1\r\n\r\n"u8);
        TcpExchange.ReceiveAll(older.Server, new byte[19], 19);
        using var recorder = new FlowRecorder();
        foreach (var number in (int[])[1, 2, 3])
        {
            if (number > 1)
            {
                older.Client.Send(System.Text.Encoding.ASCII.GetBytes($"GET /{number} HTTP/1.1\r\n\r\n"));
                TcpExchange.ReceiveAll(older.Server, new byte[19], 19);
            }

            older.Server.Send(System.Text.Encoding.ASCII.GetBytes(Ok));
            TcpExchange.ReceiveAll(older.Client, new byte[38], 38);
        }

        older.Close();
        recorder.Until(_ => recorder.Where(f => older.IsClient(f) || older.IsServer(f)).Sum(d => (long)d.Closed) == 2, "both ends are closed");

        recorder.Exchanges.Where(e => older.IsClient(e.Flow)).Select(e => e.Path).ShouldBe(["/2", "/3"]);
        recorder.Exchanges.Where(e => older.IsServer(e.Flow)).Select(e => e.Path).ShouldBe(["/2", "/3"]);
    }

    [Fact]
    public void A_body_may_lose_and_repeat_segments()
    {
        using var space = LossySpace();
        using var talk = space.Run(() => new HttpTalk(host));
        const string Head = "HTTP/1.1 200 OK\r\nContent-Length: 2500\r\n\r\n";
        talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(Head);
        talk.Server.Send(new byte[2500]);
        TcpExchange.ReceiveAll(talk.Client, new byte[2500], 2500);
        talk.Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);
        talk.Close();

        talk.ShouldHaveBeen("", new("GET", "/1", 200, 19, Head.Length + 2500), new("GET", "/2", 200, 19, 38));
    }

    /// <summary>
    /// The first packet of more than a thousand bytes is lost there, once, before its receiver's socket. What is sent at once goes
    /// in packets of 1,500 bytes, so that what is lost is overtaken whatever else this machine does.
    /// </summary>
    private static NetworkNamespace LossySpace()
    {
        var space = new NetworkNamespace();
        space.Exec("ip", "link set lo mtu 1500 gso_max_segs 1");
        space.Exec("nft", "add table ip lossy");
        space.Exec("nft", "add chain ip lossy input { type filter hook input priority 0 ; }");
        space.Exec("nft", "add rule ip lossy input meta length > 1000 limit rate 1/day burst 1 packets drop");
        return space;
    }
}
