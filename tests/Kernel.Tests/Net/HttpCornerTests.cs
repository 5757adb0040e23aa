using System.Net;
using System.Net.Sockets;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>The corners of HTTP/1.x, byte by byte: what was said is what both sides show, and nothing besides.</summary>
public sealed class HttpCornerTests(HttpHost host) : IClassFixture<HttpHost>, IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private readonly HttpTalk _talk = new(host);

    public void Dispose() => _talk.Dispose();

    [Fact]
    public void HTTP_1_0_is_kept_alive()
    {
        const string Response = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
        _talk.Say("GET /1 HTTP/1.0\r\n\r\n").Answer(Response).Say("GET /2 HTTP/1.0\r\n\r\n").Answer(Response);

        _talk.ShouldBe(new("GET", "/1", 200, 19, Response.Length), new("GET", "/2", 200, 19, Response.Length));
        host.Recorder.Exchanges.Where(e => e.BytesRead == (ulong)Response.Length && e.Path == "/1").ShouldAllBe(e => e.Version == "1.0");
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1_448)]
    [InlineData(61)]
    public void Heads_of_tens_of_kilobytes_are_read_to_their_end(int size)
    {
        var many = string.Concat(Enumerable.Range(0, 300).Select(i => $"X-Header-{i:000}: {new string('v', 60)}\r\n"));
        var request = $"POST /long HTTP/1.1\r\nCookie: {new string('c', 20_000)}\r\n{many}Content-Length: 3\r\n\r\nabc";
        var response = $"HTTP/1.1 200 OK\r\n{many}Set-Cookie: {new string('c', 20_000)}\r\nContent-Length: 3\r\n\r\nabc";
        _talk.SayInPieces(request, size).AnswerInPieces(response, size).Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBe(new("POST", "/long", 200, request.Length, response.Length), new("GET", "/2", 200, 19, 38));
    }

    [Fact]
    public void A_tunnel_is_not_looked_into()
    {
        const string Request = "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n";
        const string Response = "HTTP/1.1 200 Connection established\r\n\r\n";
        _talk.Say(Request).Answer(Response).Say("\u0016\u0003\u0001\0\u0005GET / HTTP/1.1\r\n\r\n").Answer("HTTP/1.1 500 No\r\n\r\n");

        _talk.ShouldBe(new Seen("CONNECT", "example.com:443", 200, Request.Length, Response.Length));
    }

    [Fact]
    public void A_tunnel_that_is_refused_leaves_HTTP()
    {
        _talk.Say("CONNECT example.com:443 HTTP/1.1\r\n\r\n").Answer("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno").Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBe(new("CONNECT", "example.com:443", 407, 36, 42), new("GET", "/2", 200, 19, 38));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_of_a_web_socket_are_no_exchanges(bool together)
    {
        const string Request = "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        const string Response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        const string Frame = "\u0081\u0005hello";
        _talk.Say(Request);
        if (together)
        {
            _talk.Answer(Response + Frame);
        }
        else
        {
            _talk.Answer(Response).Answer(Frame);
        }

        _talk.Say("\u0081\u0085\u0001\u0002\u0003\u0004GET / HTTP/1.1\r\n\r\n").Answer(Frame);

        _talk.ShouldBe(new Seen("GET", "/chat", 101, Request.Length, Response.Length));
    }

    [Fact]
    public void A_response_may_come_before_the_request_is_over()
    {
        var head = "POST /up HTTP/1.1\r\nContent-Length: 50000\r\n\r\n";
        _talk.Say(head + new string('x', 1000)).Answer("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n").Say(new string('y', 49_000));
        _talk.Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBe(new("POST", "/up", 413, head.Length + 50_000, 38), new("GET", "/2", 200, 19, 38));
    }

    [Fact]
    public void A_client_that_gives_up_sending_counts_what_it_sent()
    {
        var head = "POST /up HTTP/1.1\r\nContent-Length: 50000\r\n\r\n";
        _talk.Say(head + new string('x', 1000)).Answer("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n").Say("zz");

        _talk.ShouldBe(new Seen("POST", "/up", 413, head.Length + 1002, 38));
    }

    [Theory]
    [InlineData("220 mail ready\r\n", "EHLO x\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "SSH-2.0-Client\r\n")]
    [InlineData("HELLO\r\n", "GET key\r\n")]
    public void A_server_that_speaks_first_makes_nothing_of_this(string first, string second)
    {
        _talk.Answer(first).Say(second).Answer("250 ok\r\n");

        _talk.ShouldBe();
    }

    [Theory]
    [InlineData("set key 0 0 5\r\nhello\r\n", "STORED\r\n")]
    [InlineData("*1\r\n$4\r\nPING\r\n", "+PONG\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0\u0004\0\0\0\0\0")]
    [InlineData("GET / HTTP/3.0\r\n\r\n", "HTTP/3.0 200 OK\r\n\r\n")]
    public void Other_protocols_of_words_and_lines_make_nothing_of_this(string request, string response)
    {
        _talk.Say(request).Answer(response);

        _talk.ShouldBe();
    }

    [Fact]
    public void A_reset_in_the_middle_of_a_response_counts_what_came()
    {
        const string Response = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789";
        _talk.Say("GET /cut HTTP/1.1\r\n\r\n").Answer(Response);
        _talk.Server.LingerState = new LingerOption(true, 0);
        _talk.Server.Close();
        Should.Throw<SocketException>(() => _talk.Client.Receive(new byte[1]));
        _talk.Client.Close();

        _talk.ShouldHaveBeen("", new Seen("GET", "/cut", 200, 21, Response.Length));
    }

    [Fact]
    public void A_client_may_close_its_half_before_the_answer()
    {
        _talk.Say("GET /half HTTP/1.0\r\n\r\n");
        _talk.Client.Shutdown(SocketShutdown.Send);
        _talk.Answer("HTTP/1.0 200 OK\r\n\r\n").Answer("the end");
        _talk.Server.Close();
        _talk.Client.Receive(new byte[1]).ShouldBe(0);
        _talk.Client.Close();

        _talk.ShouldHaveBeen("", new Seen("GET", "/half", 200, 22, 26));
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    public void IPv6_is_no_different(string address)
    {
        using var talk = new HttpTalk(host, IPAddress.Parse(address));
        talk.Say("GET /six HTTP/1.1\r\n\r\n").Answer(Ok).SayInPieces("GET /7 HTTP/1.1\r\n\r\n", 3).AnswerInPieces(Ok, 3);

        talk.ShouldBe(new("GET", "/six", 200, 21, 38), new("GET", "/7", 200, 19, 38));
    }

    [Fact]
    public void Port_443_may_speak_plain_HTTP()
    {
        using var space = new NetworkNamespace();
        using var talk = space.Run(() => new HttpTalk(host, IPAddress.Loopback, () =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 443));
            listener.Listen();
            return listener;
        }));
        talk.Say("GET /plain HTTP/1.1\r\n\r\n").Answer(Ok);

        talk.ShouldBe(new Seen("GET", "/plain", 200, 23, 38));
    }
}
