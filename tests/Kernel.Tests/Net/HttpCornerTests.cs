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

    [Theory]
    [InlineData("OPTIONS *", "*")]
    [InlineData("GET http://example.com:80/p/q?x=/y", "/p/q")]
    [InlineData("GET http://example.com", "/")]
    [InlineData("GET HTTP://example.com?x=/y", "/")]
    [InlineData("get /lower", "/lower")]
    [InlineData("GET /?url=http://example.com/x", "/")]
    [InlineData("GET /a#b", "/a")]
    [InlineData("GET /with space", "/with space")]
    [InlineData("M-SEARCH *", "*")]
    [InlineData("!#$%&'*+-.^_`|~9 /token", "/token")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE /thirty-one", "/thirty-one")]
    [InlineData("GETX /", "/")]
    [InlineData("GET /\u00e2\u0082\u00ac", "/\u20ac")]
    public void Any_target_and_method_is_shown_as_it_was_asked(string start, string path)
    {
        var request = $"{start} HTTP/1.1\r\nHost: x\r\n\r\n";
        _talk.Say(request).Answer(Ok).SayInPieces(request, 5).Answer(Ok);

        var seen = new Seen(start.Split(' ')[0], path, 200, request.Length, Ok.Length);
        _talk.ShouldBe(seen, seen);
    }

    [Theory]
    [InlineData("/nul\0", "/nul\0")]
    [InlineData("/tab\tand\u007f", "/tab\tand\u007f")]
    [InlineData("/\u00ff\u00fe\u00c3.", "/\ufffd\ufffd\ufffd.")]
    public void A_path_that_is_no_text_is_counted(string target, string path)
    {
        var request = $"GET {target} HTTP/1.1\r\n\r\n";
        _talk.Say(request).Answer(Ok).SayInPieces(request, 5).Answer(Ok);

        var seen = new Seen("GET", path, 200, request.Length, Ok.Length);
        _talk.ShouldBeWithout("http-path-not-text 4", seen, seen);
    }

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

    [Theory]
    [InlineData("POST /{0} HTTP/1.1\r\nContent-Length: 31\r\n\r\nGET /no HTTP/1.1\r\nHost: no\r\n\r\n\n")]
    [InlineData("POST /{0} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("GET /{0} HTTP/1.1\nHost: x\n\n")]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: x\n\n")]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: x\r\n\n")]
    [InlineData("GET /{0}?aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjjkkkkkkkkkk HTTP/1.1\r\n\r\n")]
    [InlineData("PATCH /{0}/aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjjkkkkkkkkkk HTTP/1.1\r\n\r\n")]
    public void Requests_with_and_without_bodies_may_be_pipelined(string form)
    {
        var requests = Enumerable.Range(0, 5).Select(i => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i)).ToArray();
        var method = form.Split(' ')[0];
        _talk.Say(string.Concat(requests)).Answer(string.Concat(Enumerable.Repeat(Ok, 5)));
        _talk.SayInPieces(string.Concat(requests), 7).AnswerInPieces(string.Concat(Enumerable.Repeat(Ok, 5)), 7);

        Seen[] seen = [.. requests.Select(r => new Seen(method, r.Split(' ')[1].Split('?')[0], 200, r.Length, Ok.Length))];
        _talk.ShouldBe([.. seen, .. seen]);
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
    public void A_sweep_between_pipelined_exchanges_takes_no_byte_from_their_neighbours()
    {
        _talk.Say("GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\n").Answer(Ok).Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);
        host.Recorder.Collect();
        _talk.Answer(Ok);

        _talk.ShouldBe(new("GET", "/0", 200, 19, 38), new("GET", "/1", 200, 19, 38), new("GET", "/2", 200, 19, 38));
    }

    [Fact]
    public void Sixty_four_pipelined_requests_keep_to_their_kind()
    {
        var requests = string.Concat(Enumerable.Range(0, 64).Select(i => $"{(i < 5 ? "HEAD" : "GET")} /{i:00} HTTP/1.1\r\n\r\n"));
        var responses = string.Concat(Enumerable.Range(0, 64).Select(i => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + (i < 5 ? "" : "yes")));
        _talk.Say(requests).Answer(responses);

        _talk.ShouldBe([.. Enumerable.Range(0, 64).Select(i => new Seen(i < 5 ? "HEAD" : "GET", $"/{i:00}", 200, i < 5 ? 21 : 20, i < 5 ? 38 : 41))]);
    }

    [Fact]
    public void Pipelined_requests_whose_kind_cannot_be_kept_are_not_guessed_at()
    {
        _talk.Say(string.Concat(Enumerable.Range(0, 70).Select(i => $"{(i == 3 ? "HEAD" : "GET")} /{i:00} HTTP/1.1\r\n\r\n")));
        _talk.Answer(string.Concat(Enumerable.Range(0, 70).Select(i => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + (i == 3 ? "" : "yes"))));

        _talk.ShouldBeWithout("http-broken 2, http-unanswered 134");
    }

    [Fact]
    public void More_pipelined_requests_than_are_remembered_are_counted()
    {
        _talk.Say(string.Concat(Enumerable.Range(0, 300).Select(i => $"GET /{i:000} HTTP/1.1\r\n\r\n")));
        _talk.Answer(string.Concat(Enumerable.Repeat(Ok, 300)));

        // The first waits in the kernel for its answer, and then finds 256 others in its place; of each side.
        _talk.ShouldBeWithout("http-too-many 88, http-unasked 86", [.. Enumerable.Range(1, 256).Select(i => new Seen("GET", $"/{i:000}", 200, 21, 38))]);
    }

    [Fact]
    public void HTTP_1_0_is_kept_alive()
    {
        const string Response = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
        _talk.Say("GET /1 HTTP/1.0\r\n\r\n").Answer(Response).Say("GET /2 HTTP/1.0\r\n\r\n").Answer(Response);

        _talk.ShouldBe(new("GET", "/1", 200, 19, Response.Length), new("GET", "/2", 200, 19, Response.Length));
        host.Recorder.Exchanges.Where(e => e.BytesRead == (ulong)Response.Length && e.Path == "/1").ShouldAllBe(e => e.Version == "1.0");
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
    [InlineData("GET HTTP/1.1")]
    [InlineData("POST HTTP/1.1")]
    [InlineData("OPTIONS HTTP/1.1")]
    [InlineData("GET  HTTP/1.1")]
    [InlineData("GET    HTTP/1.1")]
    [InlineData("c2 HTTP/1.1")]
    [InlineData("GET /xHTTP/1.1")]
    public void A_request_without_a_target_is_none_and_is_counted(string line)
    {
        _talk.Say($"{line}\r\nHost: x\r\n\r\n").Answer("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");

        _talk.ShouldBeWithout("http-broken 2");
    }

    [Theory]
    [InlineData("GET  /1 HTTP/1.1")]
    [InlineData("PROPFIND     /1 HTTP/1.1")]
    public void Spaces_in_front_of_a_target_are_no_part_of_it(string line)
    {
        _talk.Say($"{line}\r\n\r\n").Answer(Ok).SayInPieces($"{line}\r\n\r\n", 3).Answer(Ok);

        var seen = new Seen(line[..line.IndexOf(' ')], "/1", 200, line.Length + 4, 38);
        _talk.ShouldBe(seen, seen);
    }

    [Fact]
    public void A_method_is_followed_up_to_a_length_and_beyond_it_counted()
    {
        var method = new string('M', 32);
        _talk.Say($"{method} /1 HTTP/1.1\r\n\r\n").Answer(Ok);
        using var other = new HttpTalk(host);
        other.Say($"{method}M /1 HTTP/1.1\r\n\r\n").Answer(Ok);
        other.ShouldBeWithout("http-long-method 2");

        _talk.Close();
        _talk.ShouldHaveBeen("http-long-method 2", new Seen(method, "/1", 200, 48, 38));
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

    [Fact]
    public void Empty_lines_before_a_request_are_ignored()
    {
        _talk.Say("\r\nGET /1 HTTP/1.1\r\n\r\n").Answer(Ok).Say("\r\n\r\n").Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);
        _talk.SayInPieces("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET /3 HTTP/1.1\r\n\r\n", 100).Answer(Ok);

        _talk.ShouldBe(new("GET", "/1", 200, 19, 38), new("GET", "/2", 200, 19, 38), new("GET", "/3", 200, 19, 38));
    }

    [Fact]
    public void Bytes_behind_a_response_end_the_reading_and_are_counted()
    {
        _talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(Ok + "garbage");

        _talk.ShouldBeWithout("http-broken 2", new Seen("GET", "/1", 200, 19, 38));
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

    [Fact]
    public void More_small_chunks_than_a_packet_is_looked_through_for_are_counted_and_the_next_response_is_found()
    {
        var chunks = string.Concat(Enumerable.Repeat("1\r\nx\r\n", 5000)) + "0\r\n\r\n";
        const string Head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        _talk.Say("GET /1 HTTP/1.1\r\n\r\n").Answer(Head).Answer(chunks).Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);

        _talk.ShouldBeWithout("http-lost-track 2", new("GET", "/1", 200, 19, Head.Length + chunks.Length), new("GET", "/2", 200, 19, 38));
    }
}
