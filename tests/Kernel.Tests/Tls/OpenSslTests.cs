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
    private readonly FlowRecorder _recorder = new(new NetProbeOptions { Tls = Libraries.Capturing(Libraries.LibSsl, Libraries.LibCrypto) });

    public OpenSslTests() => _nginx = Nginx.Start(workers: 1, _certificate);

    public void Dispose()
    {
        _recorder.Dispose();
        _nginx.Dispose();
        _certificate.Dispose();
    }

    [Fact]
    public void Curl_and_nginx_show_each_request_once_on_each_side_with_its_bytes()
    {
        var port = FreePorts.Next();
        var sizes = Shell.Run("curl", $"-sk --http1.1 --local-port {port} -w %{{size_request}}+%{{size_header}}+%{{size_download}}\\n "
            + string.Join(' ', Enumerable.Range(0, 3).Select(i => $"-o /dev/null https://127.0.0.1:{_nginx.Port}/p{port}-{i}?q=1")));

        _recorder.Until(_ => _recorder.Exchanges.Count(e => e.HasPort()) >= 6, Seen);

        _recorder.Exchanges.ShouldBeOnTheirConnections(_nginx.Port);
        var expected = sizes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('+').Select(ulong.Parse).ToArray()).ToArray();
        foreach (var isClient in new[] { true, false })
        {
            var side = _recorder.Exchanges.Where(e => e.HasPort() && e.IsClients() == isClient).ToArray();
            side.Select(e => e.Path).ShouldBe([$"/p{port}-0", $"/p{port}-1", $"/p{port}-2"]);
            side.ShouldAllBe(e => e.Status == 200 && e.Method == "GET" && e.Version == "1.1" && e.LatencyNs > 0 && e.Count == 1);
            side.ShouldAllBe(e => e.Flow.ProcessName == (isClient ? "curl" : "nginx"));
            side.Select(e => isClient ? e.BytesWritten : e.BytesRead).ShouldBe(expected.Select(s => s[0]));
            side.Select(e => isClient ? e.BytesRead : e.BytesWritten).ShouldBe(expected.Select(s => s[1] + s[2]));
        }

        _recorder.Counters.Losses.ShouldBeEmpty();
    }

    private string Seen() =>
        $"{string.Join('\n', _recorder.Exchanges)}\n{string.Join('\n', _recorder.Counters.Losses)}\n{string.Join('\n', _recorder.Counters.LeftOut)}\n"
        + $"{string.Join('\n', _recorder.Counters.Hooks)}\n{string.Join('\n', _recorder.Hooks)}\n{string.Join('\n', _recorder.Notes)}";
}
