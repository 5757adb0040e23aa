using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// Speaks DataKit's write API: one compressed request, one classified answer; never throws for what the network or the
/// server does. Thread-safe.
/// </summary>
public sealed class DataKitClient : IDisposable
{
    private const int MaxReasonChars = 300;
    private const int MaxErrorBytes = 4096;

    /// <summary>DataKit's 200 has an empty body; more than this is something else's.</summary>
    private const int MaxAnswerBytes = 64 << 10;

    private static readonly MediaTypeHeaderValue LineProtocol = new("application/line-protocol");

    private readonly HttpClient _http;
    private readonly DataKitOptions _options;
    private readonly TimeProvider _time;
    private readonly SocketsHttpHandler? _ownHandler;

    public DataKitClient(DataKitOptions options, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;

        // DataKit is a neighbour: a proxy from the environment would only send loopback traffic astray.
        handler ??= _ownHandler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false };
        _http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Posts a gzip body of lines. Cancelled from outside, it answers <see cref="PostOutcome.Retry"/>: DataKit may or may not have it.</summary>
    public async Task<PostAnswer> PostAsync(PointEndpoint endpoint, byte[] gzipBody, CancellationToken cancellation)
    {
        var content = new ByteArrayContent(gzipBody);
        content.Headers.ContentType = LineProtocol;
        content.Headers.ContentEncoding.Add("gzip");
        return await SendAsync($"{endpoint.Path}?input={Uri.EscapeDataString(endpoint.Input)}", content, cancellation);
    }

    public async Task<PostAnswer> PostLastErrorAsync(string error, CancellationToken cancellation)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["input"] = "ebpf", ["source"] = "", ["err_content"] = error });
        var content = new ByteArrayContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json);
        return await SendAsync("/v1/lasterror", content, cancellation);
    }

    public void Dispose()
    {
        _http.Dispose();
        _ownHandler?.Dispose();
    }

    private async Task<PostAnswer> SendAsync(string pathAndQuery, HttpContent content, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Post, _options.BaseAddress.AbsoluteUri.TrimEnd('/') + pathAndQuery);
        request.Content = content;
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);

            // An answer counts only when its end was seen: a server that dies while answering may not have kept the points.
            var isTaken = response.StatusCode == HttpStatusCode.OK;
            var (body, hasEnded) = await ReadAsync(response, isTaken ? MaxAnswerBytes : MaxErrorBytes, both.Token);
            return isTaken && !hasEnded
                ? new PostAnswer(PostOutcome.Retry, $"200 with a body of more than {MaxAnswerBytes} bytes (is this the address of a DataKit?)")
                : Classify(response, body);
        }
        catch (OperationCanceledException)
        {
            var seconds = _options.RequestTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return new PostAnswer(PostOutcome.Retry, timeout.IsCancellationRequested ? $"no answer within {seconds} s" : "the request was cancelled");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return new PostAnswer(PostOutcome.Retry, Cut(failure.InnerException?.Message ?? failure.Message));
        }
    }

    private PostAnswer Classify(HttpResponseMessage response, string body)
    {
        var status = (int)response.StatusCode;
        var reason = $"{status} {Cut(body)}";
        return status switch
        {
            200 => PostAnswer.Accepted,

            // The one 400 that is about the address and not about the lines.
            400 when body.Contains("datakit.invalidCategory", StringComparison.Ordinal) => new PostAnswer(PostOutcome.Retry, reason),
            400 => new PostAnswer(PostOutcome.Rejected, reason),
            413 => new PostAnswer(PostOutcome.TooLarge, reason),
            >= 300 and < 500 and not (408 or 429) => new PostAnswer(PostOutcome.Retry, $"{reason} (is this the address of a DataKit?)"),
            _ => new PostAnswer(PostOutcome.Retry, reason, RetryAfter(response.Headers.RetryAfter)),
        };
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date && date > _time.GetUtcNow() ? date - _time.GetUtcNow() : null);

    /// <summary>
    /// The start of the body, and whether its end came within the limit; of an error no more is read, because it is as long as twice the request.
    /// </summary>
    private static async Task<(string Head, bool HasEnded)> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var head = new byte[MaxErrorBytes];
        var (kept, total, read) = (0, 0, -1);
        while (total <= limit && read != 0)
        {
            read = await stream.ReadAsync(head.AsMemory(kept < head.Length ? kept : 0), cancellation);
            total += read;
            kept = Math.Min(head.Length, kept + read);
        }

        return (Encoding.UTF8.GetString(head, 0, kept), read == 0);
    }

    private static string Cut(string text) => text.Length <= MaxReasonChars ? text : text[..MaxReasonChars];
}
