using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests.Traffic;

/// <summary>A Kestrel and the HttpClient that asks it, each with a clock of its own. Nanoseconds.</summary>
internal sealed class KestrelServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client = new() { DefaultRequestVersion = HttpVersion.Version11 };
    private readonly ConcurrentDictionary<string, long> _inCode = [];

    private KestrelServer(WebApplication app) => _app = app;

    /// <summary>What is asked for in turn, and the answer.</summary>
    public static IReadOnlyList<(string Method, string Path, long Status)> Answers { get; } =
        [("GET", "/plain", 200), ("GET", "/slow", 200), ("POST", "/chunked", 202), ("GET", "/none", 404)];

    public int Port => new Uri(_app.Urls.First()).Port;

    /// <summary>For each path the time between the begin of the server's code and the begin of its response, over all its requests.</summary>
    public IReadOnlyDictionary<string, long> InCode => _inCode;

    public static async Task<KestrelServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http1));
        var server = new KestrelServer(builder.Build());
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Asks one after the other; returns the time between the call and the response's head, over all requests.</summary>
    public async Task<long> AskAsync(int count)
    {
        var sum = 0L;
        for (var i = 0; i < count; i++)
        {
            var (method, path, status) = Answers[i % Answers.Count];
            using var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.0.0.1:{Port}{path}?n={i}");
            request.Content = method == "POST" ? new StringContent(new string('x', 40_000)) : null;
            var start = Stopwatch.GetTimestamp();
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            sum += (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            ((long)response.StatusCode).ShouldBe(status);
            await response.Content.ReadAsByteArrayAsync();
        }

        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        context.Response.OnStarting(() =>
        {
            var took = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            _inCode.AddOrUpdate(context.Request.Path.Value!, took, (_, before) => before + took);
            return Task.CompletedTask;
        });
        switch (context.Request.Path.Value)
        {
            case "/plain":
                context.Response.ContentLength = 5;
                await context.Response.WriteAsync("plain");
                break;
            case "/slow":
                await Task.Delay(20);
                break;
            case "/chunked":
                await context.Request.Body.CopyToAsync(Stream.Null);
                context.Response.StatusCode = 202;
                await context.Response.WriteAsync("one");
                await context.Response.Body.FlushAsync();
                await context.Response.WriteAsync(new string('2', 100_000));
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }
}
