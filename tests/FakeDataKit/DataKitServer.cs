using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfActors.FakeDataKit;

/// <summary>
/// A DataKit on loopback that answers as the real one was seen to: all or nothing per request, with its error texts. A
/// script of misbehaviour is consumed request by request.
/// </summary>
public sealed class DataKitServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Misbehaviour> _script = new();
    private readonly ConcurrentQueue<ReceivedLine> _accepted = new();
    private readonly ConcurrentQueue<string> _lastErrors = new();
    private WebApplication? _app;
    private CancellationTokenSource _stopping = new();
    private int _requests;

    /// <summary>Every line that was kept, in the order of arrival.</summary>
    public IReadOnlyCollection<ReceivedLine> Accepted => _accepted;

    public IReadOnlyCollection<string> LastErrors => _lastErrors;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>The largest body seen, before compression.</summary>
    public long LargestBody { get; private set; }

    public int Port { get; private set; }

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>What a request does that the script says nothing about.</summary>
    public Misbehaviour Otherwise { get; set; } = Misbehaviour.None;

    /// <summary>Lines for which this holds are refused, besides those that are not line protocol.</summary>
    public Func<string, bool> Refuse { get; set; } = _ => false;

    public static async Task<DataKitServer> StartAsync()
    {
        var server = new DataKitServer();
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Listens again, on the port it had.</summary>
    public async Task StartAgainAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, Port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(1));
        _stopping = new CancellationTokenSource();
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();
        Port = new Uri(_app.Urls.First()).Port;
    }

    /// <summary>Refuses connections from now on. What has been kept has been answered then: only who waits for nothing is cut off.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is { } app)
        {
            await _stopping.CancelAsync();
            await app.StopAsync();
            await app.DisposeAsync();
            _stopping.Dispose();
        }
    }

    public void Next(params Misbehaviour[] script) => Array.ForEach(script, _script.Enqueue);

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        if (context.Request.Path == "/v1/lasterror")
        {
            _lastErrors.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync());
            return;
        }

        if (!context.Request.Path.StartsWithSegments("/v1/write") || context.Request.Method != "POST")
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("<html><body>404</body></html>");
            return;
        }

        var action = _script.TryDequeue(out var next) ? next : Otherwise;
        if (await RefusedAsync(context, action))
        {
            return;
        }

        await WriteAsync(context, action);
    }

    private async Task<bool> RefusedAsync(HttpContext context, Misbehaviour action)
    {
        (int Status, string Error) = action switch
        {
            Misbehaviour.TooMany or Misbehaviour.TooManyRetryAfter => (429, "datakit.reachMaxAPILimit"),
            Misbehaviour.ServerError => (500, "unexpectedEOF"),
            Misbehaviour.Refuses => (400, "datakit.invalidLinePoint"),
            Misbehaviour.TooLarge => (413, "nothing"),
            Misbehaviour.NotFound => (404, "nothing"),
            _ => (0, ""),
        };
        if (action == Misbehaviour.NeverAnswers)
        {
            var gone = new TaskCompletionSource();
            await using var cut = _stopping.Token.Register(context.Abort);
            await using var registration = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
            return true;
        }

        if (Status == 0)
        {
            return false;
        }

        if (action == Misbehaviour.TooManyRetryAfter)
        {
            context.Response.Headers.RetryAfter = "7";
        }

        await FailAsync(context, Status, $$"""{"error_code":"{{Error}}"}""");
        return true;
    }

    private async Task WriteAsync(HttpContext context, Misbehaviour action)
    {
        string body;
        try
        {
            body = await BodyAsync(context.Request);
        }
        catch (InvalidDataException)
        {
            await FailAsync(context, 400, """{"error_code":"datakit.decodeBodyFailed"}""");
            return;
        }

        LargestBody = Math.Max(LargestBody, Encoding.UTF8.GetByteCount(body));
        var lines = LineParser.Lines(body);
        if (Check(lines, body) is { } error)
        {
            await FailAsync(context, 400, error);
            return;
        }

        var input = context.Request.Query["input"].ToString();
        foreach (var line in lines)
        {
            _accepted.Enqueue(new ReceivedLine(context.Request.Path, input, line));
        }

        if (action == Misbehaviour.KeepsAndDies)
        {
            context.Abort();
        }
        else if (action == Misbehaviour.KeepsAndTruncates)
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
    }

    private string? Check(IReadOnlyList<string> lines, string body)
    {
        if (lines.Count == 0)
        {
            return """{"error_code":"datakit.emptyBody"}""";
        }

        string? first = null;
        var bad = 0;
        foreach (var line in lines)
        {
            try
            {
                LineParser.Parse(line);
                if (!Refuse(line))
                {
                    continue;
                }

                throw new FormatException("invalid field format");
            }
            catch (FormatException failure)
            {
                first ??= $"unable to parse '{line}'(pos: 0): {failure.Message}";
                bad++;
            }
        }

        return first is null
            ? null
            : $$"""{"error_code":"datakit.invalidLinePoint","message":"invalid lineprotocol: {{first}}\nwith {{lines.Count - bad}} point parse ok, {{bad}} points failed. Origin data: \"{{body}}\""}""";
    }

    private static async Task<string> BodyAsync(HttpRequest request)
    {
        var isGzip = request.Headers.ContentEncoding == "gzip";
        await using var stream = isGzip ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
        using var reader = new StreamReader(stream, new UTF8Encoding(false));
        return await reader.ReadToEndAsync();
    }

    private static async Task FailAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }
}
