using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>Requests that do not wait for the answers to those before them: each gets its own.</summary>
public sealed class HttpPipeliningTests(HttpHost host) : IClassFixture<HttpHost>, IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private readonly HttpTalk _talk = new(host);

    public void Dispose() => _talk.Dispose();

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
}
