using EbpfActors.Kernel.Tests.Net;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>HTTPS between programs that use the distribution's OpenSSL.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly Certificate _certificate = new();
    private readonly Nginx _nginx;
    private readonly Lazy<FlowRecorder> _lazy = new(
        () => new FlowRecorder(new NetProbeOptions { Tls = Libraries.Capturing(Libraries.LibSsl, Libraries.LibCrypto) }));

    public OpenSslTests() => _nginx = Nginx.Start(workers: 1, _certificate);

    /// <summary>Attached when it is first asked for.</summary>
    private FlowRecorder Recorder => _lazy.Value;

    public void Dispose()
    {
        if (_lazy.IsValueCreated)
        {
            Recorder.Dispose();
        }

        _nginx.Dispose();
        _certificate.Dispose();
    }

    [Fact]
    public void Curl_and_nginx_show_each_request_once_on_each_side_with_its_bytes()
    {
        var port = FreePorts.Next();
        Recorder.Collect();
        var sizes = Shell.Run("curl", $"-sk --http1.1 --local-port {port} -w %{{size_request}}+%{{size_header}}+%{{size_download}}\\n "
            + string.Join(' ', Enumerable.Range(0, 3).Select(i => $"-o /dev/null https://127.0.0.1:{_nginx.Port}/p{port}-{i}?q=1")));

        Recorder.Until(_ => Recorder.Exchanges.Count(e => e.HasPort()) >= 6, Seen);

        Recorder.Exchanges.ShouldBeOnTheirConnections(_nginx.Port);
        var expected = sizes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('+').Select(ulong.Parse).ToArray()).ToArray();
        foreach (var isClient in new[] { true, false })
        {
            var side = Recorder.Exchanges.Where(e => e.HasPort() && e.IsClients() == isClient).ToArray();
            side.Select(e => e.Path).ShouldBe([$"/p{port}-0", $"/p{port}-1", $"/p{port}-2"]);
            side.ShouldAllBe(e => e.Status == 200 && e.Method == "GET" && e.Version == "1.1" && e.LatencyNs > 0 && e.Count == 1);
            side.ShouldAllBe(e => e.Flow.ProcessName == (isClient ? "curl" : "nginx"));
            side.Select(e => isClient ? e.BytesWritten : e.BytesRead).ShouldBe(expected.Select(s => s[0]));
            side.Select(e => isClient ? e.BytesRead : e.BytesWritten).ShouldBe(expected.Select(s => s[1] + s[2]));
        }

        Recorder.Counters.Losses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("loop")]
    public void Many_connections_are_told_apart(string how)
    {
        Recorder.Collect();
        using var clients = new PythonClients(how, _nginx.Port, connections: 20, each: 10);
        clients.Talk();

        ShouldSeeAll(20 * 10);
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("loop")]
    public void Connections_that_are_older_than_the_agent_are_covered_from_their_next_request_on(string how)
    {
        using var clients = new PythonClients(how, _nginx.Port, connections: 20, each: 5);
        Recorder.Collect();
        clients.Talk();

        ShouldSeeAll(20 * 5);
    }

    [Fact]
    public void A_body_of_megabytes_is_counted_and_not_looked_at()
    {
        var port = FreePorts.Next();
        Recorder.Collect();
        var size = Shell.Run("curl", $"-sk --http1.1 --local-port {port} -w %{{size_header}}+%{{size_download}} -o /dev/null https://127.0.0.1:{_nginx.Port}/big?p{port}");

        Recorder.Until(_ => Recorder.Exchanges.Sum(e => (long)e.Count) >= 2 && Recorder.Exchanges.Sum(e => (long)(e.BytesRead + e.BytesWritten)) > 6 << 20, Seen);

        var response = size.Split('+').Sum(long.Parse);
        response.ShouldBeGreaterThan(3 << 20);
        Recorder.Exchanges.Where(e => e.IsClients()).Sum(e => (long)e.BytesRead).ShouldBe(response);
        Recorder.Exchanges.Where(e => !e.IsClients()).Sum(e => (long)e.BytesWritten).ShouldBe(response);
    }

    private void ShouldSeeAll(int requests)
    {
        Recorder.Until(_ => Recorder.Exchanges.Count(e => e.HasPort()) >= 2 * requests, Seen);

        Recorder.Exchanges.ShouldBeOnTheirConnections(_nginx.Port);
        Recorder.Exchanges.Where(HasPort).GroupBy(e => (e.Path, e.IsClients())).ShouldAllBe(g => g.Sum(e => e.Count) == 1);
        Recorder.Exchanges.Count(e => e.HasPort() && e.IsClients()).ShouldBe(requests);
        Recorder.Counters.Losses.ShouldBeEmpty();
    }

    private static bool HasPort(HttpExchange exchange) => exchange.HasPort();

    private string Seen() =>
        $"{Recorder.Exchanges.Count} exchanges: {string.Join('\n', Recorder.Exchanges.TakeLast(10))}\n{string.Join('\n', Recorder.Counters.Losses)}\n{string.Join('\n', Recorder.Counters.LeftOut)}\n"
        + $"{string.Join('\n', Recorder.Counters.Hooks)}\n{string.Join('\n', Recorder.Hooks)}\n{string.Join('\n', Recorder.Notes)}";
}
