using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What load balancers and proxies put in front of HTTP on the same connection. Text is Latin-1: a char is a byte.</summary>
public sealed class HttpPrefaceTests(HttpHost host) : IClassFixture<HttpHost>, IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private const string Version2 = "\r\n\r\n\0\r\nQUIT\n";
    private const string Ipv4 = "\u00c0\0\u0002\u0001\u00c0\0\u0002\u0002\u0013\u0088\0P";

    private readonly HttpTalk _talk = new(host);

    public static TheoryData<string, bool> ProxyHeaders { get; } = Twice(
        "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n",
        "PROXY TCP6 2001:db8::1 2001:db8::2 5000 80\r\n",
        "PROXY UNKNOWN\r\n",
        $"{Version2}!\u0011\0\f{Ipv4}",
        $"{Version2}!\u0011\0\u0013{Ipv4}\u0001\0\u0004http", // with one TLV
        $"{Version2}!\u0011\u0001\u002c{Ipv4}\u0004\u0001\u001d{new string('n', 285)}",
        $"{Version2} \0\0\0"); // LOCAL: a check of the balancer's own

    public void Dispose() => _talk.Dispose();

    [Theory]
    [MemberData(nameof(ProxyHeaders))]
    public void Behind_a_header_of_the_PROXY_protocol_each_exchange_is_seen(string header, bool inOneSegment)
    {
        if (inOneSegment)
        {
            _talk.Say(header + Request(0)).Answer(Ok);
        }
        else
        {
            _talk.Say(header).Say(Request(0)).Answer(Ok);
        }

        TalkOn(1);
        _talk.ShouldBe(Exchanges(10));
    }

    [Fact]
    public void A_header_of_the_PROXY_protocol_may_come_in_pieces()
    {
        _talk.SayInPieces($"{Version2}!\u0011\0\f{Ipv4}" + Request(0), 18, 5).Answer(Ok);
        TalkOn(1);

        _talk.ShouldBe(Exchanges(10));
    }

    [Fact]
    public void A_line_of_the_PROXY_protocol_may_come_in_pieces()
    {
        _talk.SayInPieces("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n" + Request(0), 9, 4).Answer(Ok);
        TalkOn(1);

        _talk.ShouldBe(Exchanges(10));
    }

    [Fact]
    public void Behind_a_talk_with_a_SOCKS5_proxy_that_asks_for_a_password_each_exchange_is_seen()
    {
        _talk.Say("\u0005\u0002\0\u0002").Answer("\u0005\u0002")
            .Say("\u0001\u0004user\u0004pass").Answer("\u0001\0")
            .Say("\u0005\u0001\0\u0003\u000bexample.com\0P").Answer("\u0005\0\0\u0001\0\0\0\0\0\0");
        TalkOn(0);

        _talk.ShouldBe(Exchanges(10));
    }

    [Fact]
    public void Behind_a_talk_with_a_SOCKS4_proxy_each_exchange_is_seen()
    {
        _talk.Say("\u0004\u0001\0P\u00c0\0\u0002\u0001user\0").Answer("\0Z\0\0\0\0\0\0");
        TalkOn(0);

        _talk.ShouldBe(Exchanges(10));
    }

    [Fact]
    public void A_talk_in_lines_of_text_before_HTTP_hides_none()
    {
        _talk.Answer("220 ready\r\n").Say("HELLO you\r\n").Answer("250 HTTP it is\r\n").Say("GET /not-yet\r\n").Answer("500 what\r\n");
        TalkOn(0);

        _talk.ShouldBe(Exchanges(10));
    }

    [Fact]
    public void A_connection_without_HTTP_is_given_up_and_counted_by_each_end()
    {
        for (var i = 0; i < 9; i++)
        {
            _talk.Say("*1\r\n$4\r\nPING\r\n").Answer("+PONG\r\n");
        }

        TalkOn(0);
        _talk.ShouldBeWithout("http-not-http 2");
    }

    [Fact]
    public void A_connection_that_begins_with_TLS_is_left_to_others()
    {
        for (var i = 0; i < 10; i++)
        {
            _talk.Say("\u0016\u0003\u0001\0\u0005hello").Answer("\u0016\u0003\u0003\0\u0005hello");
        }

        _talk.ShouldBe();
    }

    private static TheoryData<string, bool> Twice(params string[] headers)
    {
        var data = new TheoryData<string, bool>();
        foreach (var header in headers)
        {
            data.Add(header, true);
            data.Add(header, false);
        }

        return data;
    }

    private static string Request(int number) => $"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n";

    private static Seen[] Exchanges(int count) => [.. Enumerable.Range(0, count).Select(i => new Seen("GET", $"/{i}", 200, Request(i).Length, Ok.Length))];

    private void TalkOn(int from)
    {
        for (var i = from; i < 10; i++)
        {
            _talk.Say(Request(i)).Answer(Ok);
        }
    }
}
