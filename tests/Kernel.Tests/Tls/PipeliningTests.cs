using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

/// <summary>Requests that are sent before their answers have come, several of them in one TLS record, or one in several.</summary>
public sealed class PipeliningTests : IDisposable
{
    private static readonly (string Method, string Body)[] Asked =
        [("GET", ""), ("HEAD", ""), ("POST", "0123456789"), ("HEAD", ""), ("HEAD", ""), ("DELETE", ""), ("GET", "")];

    private readonly Certificate _certificate = new();

    public void Dispose() => _certificate.Dispose();

    [Theory]
    [InlineData(int.MaxValue, false)]
    [InlineData(100, false)]
    [InlineData(33, false)]
    [InlineData(int.MaxValue, true)]
    [InlineData(100, true)]
    public async Task Each_request_has_its_answer_and_its_bytes(int recordSize, bool isOlder)
    {
        using var nginx = new HttpsNginx(workers: 1, _certificate);
        using var early = isOlder ? null : NewRecorder();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, nginx.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(new NetworkStream(socket), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("localhost");
        using var late = isOlder ? NewRecorder() : null;
        var recorder = (early ?? late)!;
        var requests = Requests(((IPEndPoint)socket.LocalEndPoint!).Port);

        foreach (var record in string.Concat(requests).Chunk(recordSize))
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes(record), TestContext.Current.CancellationToken);
        }

        using var reader = new StreamReader(tls, Encoding.ASCII);
        var answers = Answers(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        recorder.ShouldSeeEach(Asked.Length, nginx.Port);
        foreach (var isClient in new[] { true, false })
        {
            var side = recorder.Told.Where(e => e.IsClients() == isClient).ToList();
            side.Select(e => e.Method).ShouldBe(Asked.Select(a => a.Method));
            side.Select(e => isClient ? e.BytesWritten : e.BytesRead).ShouldBe(requests.Select(r => (ulong)r.Length));
            side.Select(e => isClient ? e.BytesRead : e.BytesWritten).ShouldBe(answers);
        }
    }

    [Fact]
    public void A_body_that_is_refused_and_never_sent_leaves_the_session_to_the_next_request()
    {
        using var recorder = NewRecorder();
        using var talk = new OpenSslTalk(_certificate);
        talk.Say("PUT /1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n");
        talk.Answer("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        talk.Say("GET /2 HTTP/1.1\r\n\r\n");
        talk.Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        recorder.Until(() => recorder.On(talk.Port).Sum(e => e.Count) >= 4);
        recorder.OwnLosses.ShouldBeEmpty();
        recorder.On(talk.Port).Where(e => e.Count > 0).Select(e => $"{e.Method} {e.Path} {e.Status}").Order().ShouldBe(["GET /2 200", "GET /2 200", "PUT /1 417", "PUT /1 417"]);
    }

    [Fact]
    public void An_answer_may_come_while_a_later_request_is_not_whole()
    {
        using var recorder = NewRecorder();
        using var talk = new OpenSslTalk(_certificate);
        string[] requests = [.. Enumerable.Range(0, 4).Select(i => $"{(i == 1 ? "HEAD" : "GET")} /{new string('x', i * 40)} HTTP/1.1\r\n\r\n")];
        string[] answers = [.. Enumerable.Range(0, 4).Select(i => $"HTTP/1.1 20{i} OK\r\nContent-Length: 5\r\n\r\n{(i == 1 ? "" : "hello")}")];

        talk.Say(requests[0] + requests[1] + requests[2][..20]);
        talk.Answer(answers[0]);
        talk.Say(requests[2][20..50]);
        talk.Answer(answers[1][..30]);
        talk.Say(requests[2][50..] + requests[3][..3]);
        talk.Answer(answers[1][30..] + answers[2]);
        talk.Say(requests[3][3..]);
        talk.Answer(answers[3]);

        recorder.Until(() => recorder.On(talk.Port).Sum(e => e.Count) >= 8);
        recorder.OwnLosses.ShouldBeEmpty();
        foreach (var isClient in new[] { true, false })
        {
            var side = recorder.On(talk.Port).Where(e => e.IsClients() == isClient).GroupBy(e => e.Status).OrderBy(g => g.Key).ToList();
            side.Select(g => (int)g.Key).ShouldBe([200, 201, 202, 203]);
            side.Select(g => g.Sum(e => e.Count)).ShouldBe([1u, 1u, 1u, 1u]);
            side.Select(g => Total(g, e => isClient ? e.BytesWritten : e.BytesRead)).ShouldBe(requests.Select(r => (long)r.Length));
            side.Select(g => Total(g, e => isClient ? e.BytesRead : e.BytesWritten)).ShouldBe(answers.Select(a => (long)a.Length));
        }
    }

    [Fact]
    public void More_chunks_than_one_call_is_looked_through_for_are_counted_and_the_next_answer_is_found()
    {
        const string Request = "GET / HTTP/1.1\r\n\r\n";
        using var recorder = NewRecorder();
        using var talk = new OpenSslTalk(_certificate);

        talk.Say(Request);
        talk.Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        talk.Answer(string.Concat(Enumerable.Repeat("1\r\nx\r\n", 1365)));
        talk.Answer("0\r\n\r\n");
        talk.Say(Request);
        talk.Answer("HTTP/1.1 201 OK\r\nContent-Length: 5\r\n\r\nhello");

        recorder.Until(() => recorder.On(talk.Port).Where(e => e.Status == 201).Sum(e => e.Count) >= 2);
        recorder.OwnLosses.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            l => l.Reason.ShouldBe("http-lost-track"), l => l.Records.ShouldBe(1)); // where it is written: s_client reads 1 KiB in a call
    }

    private static long Total(IEnumerable<HttpExchange> exchanges, Func<HttpExchange, ulong> bytes) => exchanges.Sum(e => (long)bytes(e));

    private static HttpsRecorder NewRecorder() => new(Libraries.LibSsl, Libraries.LibCrypto);

    private static string[] Requests(int port) =>
    [
        .. Asked.Select((a, i) => $"{a.Method} /p{port}-{i} HTTP/1.1\r\nHost: x\r\n"
            + (a.Body.Length > 0 ? $"Content-Length: {a.Body.Length}\r\n" : "")
            + (i == Asked.Length - 1 ? "Connection: close\r\n" : "") + "\r\n" + a.Body),
    ];

    /// <summary>Bytes of each answer.</summary>
    private static List<ulong> Answers(string all)
    {
        var lengths = new List<ulong>();
        foreach (var (method, _) in Asked)
        {
            var length = all.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4 + (method == "HEAD" ? 0 : "hello\n".Length);
            lengths.Add((ulong)length);
            all = all[length..];
        }

        all.ShouldBeEmpty();
        return lengths;
    }
}
