using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Tls;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>HTTPS between programs that use the distribution's OpenSSL.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly Certificate _certificate = new();
    private readonly HttpsNginx _nginx;

    public OpenSslTests() => _nginx = new HttpsNginx(workers: 1, _certificate);

    public void Dispose()
    {
        _nginx.Dispose();
        _certificate.Dispose();
    }

    [Theory]
    [InlineData(true, "uprobe_multi")]
    [InlineData(true, "uprobe")]
    [InlineData(true, "perf_event")]
    [InlineData(false, "uprobe_multi")]
    [InlineData(false, "uprobe")]
    [InlineData(false, "perf_event")]
    public void Curl_and_nginx_show_each_request_once_on_each_side_with_its_bytes(bool areMoved, string rung)
    {
        var port = FreePorts.Next();
        var capturing = Libraries.Capturing(areMoved ? Libraries.LibSsl : PlainLibSsl(), Libraries.LibCrypto);
        using var recorder = new HttpsRecorder(capturing with { Without = AllCallsBut(rung) });
        var sizes = Shell.Run("curl", $"-sk --http1.1 --local-port {port} -w %{{size_request}}+%{{size_header}}+%{{size_download}}\\n "
            + string.Join(' ', Enumerable.Range(0, 3).Select(i => $"-o /dev/null https://127.0.0.1:{_nginx.Port}/p{port}-{i}?q=1")));

        recorder.ShouldSeeEach(3, _nginx.Port);

        var expected = sizes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('+').Select(ulong.Parse).ToArray()).ToArray();
        foreach (var isClient in new[] { true, false })
        {
            var side = recorder.Told.Where(e => e.IsClients() == isClient).ToArray();
            side.Select(e => e.Path).ShouldBe([$"/p{port}-0", $"/p{port}-1", $"/p{port}-2"]);
            side.ShouldAllBe(e => e.Status == 200 && e.Method == "GET" && e.Version == "1.1" && e.LatencyNs > 0 && e.Count == 1);
            side.ShouldAllBe(e => e.Flow.ProcessName == (isClient ? "curl" : "nginx"));
            side.Select(e => isClient ? e.BytesWritten : e.BytesRead).ShouldBe(expected.Select(s => s[0]));
            side.Select(e => isClient ? e.BytesRead : e.BytesWritten).ShouldBe(expected.Select(s => s[1] + s[2]));
        }
    }

    [Fact]
    public void Every_read_is_seen_in_one_hit() => Libraries.LibSsl.ShouldHaveOneProbeForReads();

    [Theory]
    [InlineData("threads")]
    [InlineData("loop")]
    public void Many_connections_are_told_apart(string how)
    {
        using var recorder = NewRecorder();
        using var clients = new PythonClients(how, _nginx.Port, connections: 20, each: 10);
        clients.Talk();

        recorder.ShouldSeeEach(20 * 10, _nginx.Port);
    }

    [Theory]
    [InlineData("threads")]
    [InlineData("loop")]
    public void Connections_that_are_older_than_the_agent_are_covered_from_their_next_request_on(string how)
    {
        using var clients = new PythonClients(how, _nginx.Port, connections: 20, each: 5);
        using var recorder = NewRecorder();
        clients.Talk();

        recorder.ShouldSeeEach(20 * 5, _nginx.Port);
    }

    [Fact]
    public void A_body_of_megabytes_is_counted_and_not_looked_at()
    {
        using var recorder = NewRecorder();
        var size = Shell.Run("curl", $"-sk --http1.1 -w %{{size_header}}+%{{size_download}} -o /dev/null https://127.0.0.1:{_nginx.Port}/big");

        var response = size.Split('+').Sum(long.Parse);
        response.ShouldBeGreaterThan(3 << 20);
        long Clients() => recorder.On(_nginx.Port).Where(e => e.IsClients()).Sum(e => (long)e.BytesRead);
        long Servers() => recorder.On(_nginx.Port).Where(e => !e.IsClients()).Sum(e => (long)e.BytesWritten);
        recorder.Until(() => (Clients(), Servers()) == (response, response));
        recorder.On(_nginx.Port).Sum(e => e.Count).ShouldBe(2u);
    }

    [Fact]
    public void HTTP_2_is_recognised_and_counted_once_for_each_session()
    {
        using var recorder = NewRecorder();
        Shell.Run("curl", $"-sk --http2 -o /dev/null https://127.0.0.1:{_nginx.Http2Port}/a https://127.0.0.1:{_nginx.Http2Port}/b");

        recorder.Until(() => recorder.Counters.LeftOut.Any(l => l is { Reason: "http2-not-decoded", Records: 2 }));
        recorder.On(_nginx.Http2Port).ShouldBeEmpty();
        recorder.Counters.Losses.ShouldBeEmpty();
    }

    [Fact]
    public void Openssl_itself_is_captured_on_both_sides()
    {
        const string Request = "GET /said?by=hand HTTP/1.1\r\n\r\n";
        const string Answer = "HTTP/1.1 418 Teapot\r\nContent-Length: 5\r\n\r\nhello";
        using var recorder = NewRecorder();
        using var talk = new OpenSslTalk(_certificate);
        talk.Say(Request);
        talk.Answer(Answer);

        recorder.Until(() => recorder.On(talk.Port).Count >= 2);
        recorder.On(talk.Port).ShouldAllBe(e => e.Path == "/said" && e.Status == 418 && e.Count == 1 && e.Flow.ProcessName == "openssl");
        recorder.On(talk.Port).ShouldAllBe(e => e.BytesRead + e.BytesWritten == (ulong)(Request.Length + Answer.Length));
        recorder.On(talk.Port).Select(e => (int)e.Flow.Pid).ShouldBe([talk.ClientPid, talk.ServerPid], ignoreOrder: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void Heads_may_be_split_over_any_number_of_writes(int size)
    {
        var request = $"POST /{new string('p', 200)} HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789";
        const string Answer = "HTTP/1.1 201 Created\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\n";
        using var recorder = NewRecorder();
        using var talk = new OpenSslTalk(_certificate);
        foreach (var piece in request.Chunk(size))
        {
            talk.Say(new string(piece));
        }

        foreach (var piece in Answer.Chunk(size))
        {
            talk.Answer(new string(piece));
        }

        long Moved(bool isClient) => recorder.On(talk.Port).Where(e => e.IsClients() == isClient).Sum(e => (long)(e.BytesRead + e.BytesWritten));
        var all = request.Length + Answer.Length;
        recorder.Until(() => (Moved(isClient: true), Moved(isClient: false)) == (all, all));
        recorder.On(talk.Port).ShouldAllBe(e => e.Method == "POST" && e.Path.Length == 201 && e.Status == 201);
        recorder.On(talk.Port).Sum(e => e.Count).ShouldBe(2u);
        recorder.Counters.Losses.ShouldBeEmpty();
    }

    [Fact]
    public async Task TLS_inside_TLS_is_what_the_program_says_on_the_connection_that_carries_both()
    {
        await using var proxy = new HttpsProxy(_certificate, _nginx.Port);
        using var recorder = NewRecorder();
        Shell.Run("curl", $"-sk --http1.1 --proxy-insecure --proxy https://127.0.0.1:{proxy.Port} -o /dev/null "
            + $"https://127.0.0.1:{_nginx.Port}/inner/1 https://127.0.0.1:{_nginx.Port}/inner/2");

        recorder.Until(() => recorder.On(proxy.Port).Count(e => e.Path.StartsWith("/inner", StringComparison.Ordinal)) >= 2);
        var inner = recorder.On(proxy.Port).Where(e => e.Path.StartsWith("/inner", StringComparison.Ordinal)).ToList();
        inner.Select(e => (e.Path, e.Flow.ProcessName, Client: e.IsClients(), e.Count)).ShouldBe([("/inner/1", "curl", true, 1u), ("/inner/2", "curl", true, 1u)]);
        recorder.Until(() => recorder.On(_nginx.Port).Count >= 2);
        inner.Select(e => (e.BytesWritten, e.BytesRead)).ShouldBe(recorder.On(_nginx.Port).Select(e => (e.BytesRead, e.BytesWritten)));
        recorder.Counters.Losses.ShouldBeEmpty();
    }

    /// <summary>s_server -www answers through BIO_f_ssl, which calls none of the library's functions.</summary>
    [Fact]
    public void An_answer_through_a_chain_of_BIOs_is_not_seen_and_its_request_is_counted()
    {
        using var recorder = NewRecorder();
        var port = FreePorts.Next();
        using var server = Shell.Start("openssl", $"s_server -quiet -www -accept 127.0.0.1:{port} -cert {_certificate.File} -key {_certificate.KeyFile}");
        Listening.Wait(port);
        Shell.Run("curl", $"-sk --http1.0 -o /dev/null https://127.0.0.1:{port}/chain");

        recorder.Until(() => recorder.On(port).Count > 0 && recorder.Counters.LeftOut.Any(l => l is { Reason: "http-unanswered", Records: 1 }));
        recorder.On(port).ShouldAllBe(e => e.IsClients() && e.Path == "/chain");
        server.Kill();
        server.WaitForExit();
    }

    [Fact]
    public void A_request_whose_client_is_killed_is_counted_as_unanswered()
    {
        using var recorder = NewRecorder();
        using var talk = new OpenSslTalk(_certificate);
        talk.Say("GET /never HTTP/1.1\r\n\r\n");
        // Who reads this has returned from the call that asked.
        talk.Answer("HTTP/1.1 100 Continue\r\n\r\n");
        talk.Kill();

        recorder.Until(() => recorder.Counters.LeftOut.Any(l => l is { Reason: "http-unanswered", Records: 2 }));
        recorder.On(talk.Port).ShouldBeEmpty();
    }

    private static WithoutHooks AllCallsBut(string rung) =>
        new(TlsHooks.Calls.Rungs.Where(r => r.Name != rung).Select(r => WithoutHooks.Qualified(TlsHooks.Calls, r)));

    private static TlsTarget PlainLibSsl() => Libraries.LibSsl.Plain(
        (TlsCall.Read, "SSL_read"),
        (TlsCall.Write, "SSL_write"),
        (TlsCall.ReadEx, "SSL_read_ex"),
        (TlsCall.WriteEx, "SSL_write_ex"),
        (TlsCall.Free, "SSL_free"));

    private static HttpsRecorder NewRecorder() => new(Libraries.LibSsl, Libraries.LibCrypto);
}
