using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Points;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class DataKitClientTests
{
    private static readonly FakeTimeProvider Time = new();

    [Theory]
    [InlineData(200, "", PostOutcome.Accepted)]
    [InlineData(204, "", PostOutcome.Retry)]
    [InlineData(307, "", PostOutcome.Retry)]
    [InlineData(400, """{"error_code":"datakit.invalidLinePoint","message":"..."}""", PostOutcome.Rejected)]
    [InlineData(400, """{"error_code":"datakit.decodeBodyFailed"}""", PostOutcome.Rejected)]
    [InlineData(400, """{"error_code":"datakit.invalidCategory","message":"..."}""", PostOutcome.Retry)]
    [InlineData(403, "", PostOutcome.Retry)]
    [InlineData(404, "<html>", PostOutcome.Retry)]
    [InlineData(408, "", PostOutcome.Retry)]
    [InlineData(413, "", PostOutcome.TooLarge)]
    [InlineData(429, """{"error_code":"datakit.reachMaxAPILimit"}""", PostOutcome.Retry)]
    [InlineData(500, """{"error_code":"unexpectedEOF"}""", PostOutcome.Retry)]
    [InlineData(503, "", PostOutcome.Retry)]
    public async Task An_answer_means(int status, string body, PostOutcome outcome)
    {
        var answer = await PostAsync(_ => Answer(status, body));

        answer.Outcome.ShouldBe(outcome);
    }

    [Fact]
    public async Task The_request_is_compressed_and_says_so()
    {
        HttpRequestMessage? seen = null;
        byte[] body = [];

        await PostAsync(request =>
        {
            seen = request;
            body = request.Content!.ReadAsByteArrayAsync().GetAwaiter().GetResult();
            return Answer(200, "");
        });

        seen!.RequestUri!.AbsoluteUri.ShouldBe("http://node:9529/v1/write/network?input=ebpf-net%2Fnetflow");
        seen.Content!.Headers.ContentEncoding.ShouldBe(["gzip"]);
        seen.Content.Headers.ContentType!.MediaType.ShouldBe("application/line-protocol");
        seen.Content.Headers.ContentLength.ShouldBe(body.Length);
        using var gzip = new StreamReader(new GZipStream(new MemoryStream(body), CompressionMode.Decompress));
        (await gzip.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("m f=1i 1\nm f=2i 2\n");
    }

    [Fact]
    public async Task Of_an_error_only_the_head_is_read_and_kept()
    {
        var endless = new EndlessStream();

        var answer = await PostAsync(_ => new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StreamContent(endless) });

        answer.Outcome.ShouldBe(PostOutcome.Rejected);
        answer.Reason.Length.ShouldBeLessThan(310);
        endless.Taken.ShouldBeLessThan(20_000);
    }

    [Fact]
    public async Task Retry_after_is_understood_in_both_forms()
    {
        var seconds = await PostAsync(_ => Asking(new RetryConditionHeaderValue(TimeSpan.FromSeconds(9))));
        var date = await PostAsync(_ => Asking(new RetryConditionHeaderValue(Time.GetUtcNow() + TimeSpan.FromSeconds(60))));

        seconds.RetryAfter.ShouldBe(TimeSpan.FromSeconds(9));
        date.RetryAfter.ShouldBe(TimeSpan.FromSeconds(60));

        static HttpResponseMessage Asking(RetryConditionHeaderValue after)
        {
            var answer = Answer(429, "");
            answer.Headers.RetryAfter = after;
            return answer;
        }
    }

    [Fact]
    public async Task A_200_whose_body_never_ends_proves_nothing()
    {
        var endless = new EndlessStream();

        var answer = await PostAsync(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(endless) });

        answer.Outcome.ShouldBe(PostOutcome.Retry);
        answer.Reason.ShouldBe("200 with a body of more than 65536 bytes (is this the address of a DataKit?)");
        endless.Taken.ShouldBeLessThan(70_000);
    }

    [Fact]
    public async Task An_answer_that_trickles_ends_with_the_time_for_the_request()
    {
        var trickle = new TrickleStream();
        var time = new FakeTimeProvider();
        using var client = new DataKitClient(
            new DataKitOptions { BaseAddress = new Uri("http://node:9529/"), RequestTimeout = TimeSpan.FromSeconds(10) },
            new StubHandler(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(trickle) }),
            time);

        var answer = client.PostAsync(PointEndpoint.Netflow, [1], TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => answer.IsCompleted, meanwhile: () => time.Advance(TimeSpan.FromSeconds(1)));

        (await answer).ShouldBe(new PostAnswer(PostOutcome.Retry, "no answer within 10 s"));
    }

    private static async Task<PostAnswer> PostAsync(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        using var client = Client(answer);
        return await client.PostAsync(PointEndpoint.Netflow, BatchBody.Compress(Batch("m f=1i 1", "m f=2i 2")), TestContext.Current.CancellationToken);
    }

    private static DataKitClient Client(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        new(new DataKitOptions { BaseAddress = new Uri("http://node:9529/") }, new StubHandler(answer), Time);

    private static PointBatch Batch(params string[] lines) =>
        new(PointEndpoint.Netflow, lines.Select(Encoding.UTF8.GetBytes).ToArray(), DateTimeOffset.UnixEpoch);

    private static HttpResponseMessage Answer(int status, string body) => new((HttpStatusCode)status) { Content = new StringContent(body) };

    /// <summary>Gives nothing until it is cancelled.</summary>
    private sealed class TrickleStream : MemoryStream
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    private sealed class EndlessStream : MemoryStream
    {
        public long Taken { get; private set; }

        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = Math.Min(buffer.Length, 1000);
            buffer.Span[..read].Fill((byte)'x');
            Taken += read;
            return ValueTask.FromResult(read);
        }
    }
}
