using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Methods, targets and what stands around them: what was asked is what both sides show.</summary>
public sealed class HttpStartLineTests(HttpHost host) : IClassFixture<HttpHost>, IDisposable
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
    [InlineData("/nul\0", "/nul%00")]
    [InlineData("/tab\tand\u007f", "/tab%09and%7F")]
    [InlineData("/\u00ff\u00fe\u00c3.", "/%FF%FE%C3.")]
    public void What_is_no_text_of_a_path_is_written_as_URLs_write_it(string target, string path)
    {
        var request = $"GET {target} HTTP/1.1\r\n\r\n";
        _talk.Say(request).Answer(Ok).SayInPieces(request, 5).Answer(Ok);

        var seen = new Seen("GET", path, 200, request.Length, Ok.Length);
        _talk.ShouldBe(seen, seen);
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

    [Fact]
    public void Empty_lines_before_a_request_are_ignored()
    {
        _talk.Say("\r\nGET /1 HTTP/1.1\r\n\r\n").Answer(Ok).Say("\r\n\r\n").Say("GET /2 HTTP/1.1\r\n\r\n").Answer(Ok);
        _talk.SayInPieces("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET /3 HTTP/1.1\r\n\r\n", 100).Answer(Ok);

        _talk.ShouldBe(new("GET", "/1", 200, 19, 38), new("GET", "/2", 200, 19, 38), new("GET", "/3", 200, 19, 38));
    }
}
