using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Where bodies end, and messages with them.</summary>
public sealed class HttpFramingTests(HttpHost host) : IClassFixture<HttpHost>, IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private readonly HttpTalk _talk = new(host);

    public void Dispose() => _talk.Dispose();

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello", 200)]
    [InlineData("HTTP/1.1 200 OK\r\ncOnTeNt-lEnGtH: \t 5 \r\n\r\nhello", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 00000000000000000000000000000005\r\n\r\nhello", 200)]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304)]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 200)]
    [InlineData("HTTP/1.1 999 \r\nContent-Length: 1\r\n\r\nx", 999)]
    [InlineData("HTTP/1.1 200 OK\r\nX: HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nX-Content-Length: 7\r\nContent-Length-X: 7\r\nContent-Length: 0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000002;a=\"b\"\r\nok\r\n2 \r\nok\r\n00\r\nTrailer: HTTP/1.1 500\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200)]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 27\n\nA: b\r\n\r\nHTTP/1.1 500 No\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 29\n\nContent-Length: 7\r\n\r\n\r\n\r\n\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\n\r\n\r\n", 200)]
    public void A_response_ends_where_its_framing_says(string response, int status)
    {
        _talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(response).Say("GET /2 HTTP/1.1\r\n\r\n").AnswerInPieces(response, 3);
        _talk.Say("GET /3 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBe(new("GET", "/1", status, 19, response.Length), new("GET", "/2", status, 19, response.Length), new("GET", "/3", 200, 19, 38));
    }

    [Fact]
    public void Whoever_ends_lines_without_CR_may_be_followed_by_one_who_does()
    {
        const string Bare = "GET /1 HTTP/1.1\r\nHost: x\n\n";
        const string Full = "POST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nok";
        _talk.Say(Bare + Full).Answer(Ok + Ok);

        _talk.ShouldBe(new("GET", "/1", 200, Bare.Length, 38), new("POST", "/2", 200, Full.Length, 38));
    }

    [Fact]
    public void A_body_without_a_length_is_not_read_as_the_head_of_one_who_ends_lines_without_CR()
    {
        const string Response = "HTTP/1.0 200 OK\nServer: x\n\nContent-Length: 3\r\n\r\nand so on";
        _talk.Say("GET /1 HTTP/1.0\r\n\r\n").Answer(Response);

        _talk.ShouldBe(new Seen("GET", "/1", 200, 19, Response.Length));
    }

    [Theory]
    [InlineData("chunked, gzip")]
    [InlineData("gzip")]
    public void A_response_in_another_coding_ends_with_the_connection(string coding)
    {
        var response = $"HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\nzipped\r\n\r\n";
        _talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(response);

        _talk.ShouldBe(new Seen("GET", "/1", 200, 19, response.Length));
    }

    [Fact]
    public void A_continue_waits_for_the_body_and_then_for_the_final_response()
    {
        const string Head = "PUT /up HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n";
        const string Interim = "HTTP/1.1 100 Continue\r\n\r\n";
        const string Hints = "HTTP/1.1 103 Early Hints\r\nContent-Length: 77\r\n\r\n";
        _talk.Say(Head).Answer(Interim).Say("0123456789").Answer(Hints).Answer(Ok);
        _talk.Say(Head).AnswerInPieces(Interim, 4).Say("0123456789").AnswerInPieces(Hints + Ok, 6);

        var seen = new Seen("PUT", "/up", 200, Head.Length + 10, Interim.Length + Hints.Length + Ok.Length);
        _talk.ShouldBe(seen, seen);
    }

    [Theory]
    [InlineData("Content-Length: 10")]
    [InlineData("Transfer-Encoding: chunked")]
    public void A_body_that_is_refused_and_never_sent_leaves_the_connection_to_the_next_request(string framing)
    {
        const string Refusal = "HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno";
        var head = $"PUT /up HTTP/1.1\r\nExpect: 100-continue\r\n{framing}\r\n\r\n";
        _talk.Say(head).Answer(Refusal).Say("GET /2 HTTP/1.1\r\nX: y\r\n\r\n").Answer(Ok).Say(head).Answer(Refusal).Say("GET /3 HTTP/1.1\r\n\r\n").Answer(Ok);

        var refused = new Seen("PUT", "/up", 417, head.Length, Refusal.Length);
        _talk.ShouldBe(refused, new("GET", "/2", 200, 25, 38), refused, new("GET", "/3", 200, 19, 38));
    }

    [Fact]
    public void A_body_that_is_refused_and_sent_all_the_same_is_a_body()
    {
        const string Head = "PUT /up HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 29\r\n\r\n";
        _talk.Say(Head).Answer(Ok).Say("{\"a\": \"b\"}\r\n\r\n").Say("GET /n HTTP/1.1").Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBe(new("PUT", "/up", 200, Head.Length + 29, 38), new("GET", "/2", 200, 19, 38));
    }

    [Theory]
    [InlineData("Content-Length: -5")]
    [InlineData("Content-Length: 5, 6")]
    [InlineData("Content-Length: 99999999999999999999999")]
    [InlineData("Content-Length: 0x10")]
    public void A_length_that_is_none_breaks_the_connection_and_is_counted(string header)
    {
        _talk.Say("GET /bad HTTP/1.1\r\n\r\n").Answer($"HTTP/1.1 200 OK\r\n{header}\r\n\r\n");

        _talk.ShouldBeWithout("http-broken 2, http-unanswered 2");
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFFF\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("\r\n")]
    [InlineData("xyz\r\n")]
    public void A_chunk_that_is_none_breaks_the_connection_and_its_response_counts(string chunk)
    {
        const string Head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        _talk.Say("GET /bad HTTP/1.1\r\n\r\n").Answer(Head).Answer(chunk);

        _talk.ShouldBeWithout("http-broken 2", new Seen("GET", "/bad", 200, 21, Head.Length + chunk.Length));
    }

    [Fact]
    public void Bytes_behind_a_response_end_the_reading_and_are_counted()
    {
        _talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(Ok + "garbage");

        _talk.ShouldBeWithout("http-broken 2", new Seen("GET", "/1", 200, 19, 38));
    }

    [Fact]
    public void More_small_chunks_than_a_packet_is_looked_through_for_are_counted_and_the_next_response_is_found()
    {
        var chunks = string.Concat(Enumerable.Repeat("1\r\nx\r\n", 5000)) + "0\r\n\r\n";
        const string Head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        _talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(Head).Answer(chunks).Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBeWithout("http-lost-track 2", new("GET", "/1", 200, 19, Head.Length + chunks.Length), new("GET", "/2", 200, 19, 38));
    }
}
