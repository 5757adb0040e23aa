using System.Net;
using System.Net.Sockets;
using System.Text;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>What a byte-level client and server say to each other, and what the probe makes of it.</summary>
public sealed class HttpTests : IDisposable
{
    private readonly FlowRecorder _recorder = new();
    private readonly TcpExchange _connection = new(IPAddress.Loopback);

    public void Dispose()
    {
        _connection.Dispose();
        _recorder.Dispose();
    }

    [Fact]
    public void A_request_and_its_response_are_one_exchange_on_each_side()
    {
        const string Request = "GET /a/b?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n";
        const string Response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        Say(Request);
        Answer(Response);

        ShouldSee(("GET", "/a/b", 200, Request.Length, Response.Length));
        _recorder.Exchanges.ShouldAllBe(e => e.Version == "1.1" && !e.IsTruncated && e.LatencyNs > 0);
        _recorder.Exchanges.ShouldAllBe(e => e.Flow.Pid == Environment.ProcessId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(33)]
    public void Heads_may_be_split_over_any_number_of_segments(int size)
    {
        var path = "/" + new string('p', 200);
        var request = $"POST {path} HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789";
        const string Response = "HTTP/1.1 201 Created\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\n";
        SayInPieces(_connection.Client, _connection.Server, request, size);
        SayInPieces(_connection.Server, _connection.Client, Response, size);

        ShouldSee(("POST", path, 201, request.Length, Response.Length));
    }

    [Fact]
    public void Pipelined_requests_are_answered_in_order()
    {
        var requests = string.Concat(Enumerable.Range(0, 20).Select(i => $"GET /{i:00} HTTP/1.1\r\n\r\n"));
        var responses = string.Concat(Enumerable.Range(0, 20).Select(i => $"HTTP/1.1 {400 + i} X\r\nContent-Length: 2\r\n\r\nok"));
        Say(requests);
        Answer(responses);

        ShouldSee([.. Enumerable.Range(0, 20).Select(i => ("GET", $"/{i:00}", 400 + i, 20L, 39L))]);
    }

    [Fact]
    public void A_keep_alive_connection_reports_each_exchange_without_waiting_for_its_close()
    {
        for (var i = 0; i < 5; i++)
        {
            Say($"GET /{i} HTTP/1.1\r\n\r\n");
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }

        ShouldSee([.. Enumerable.Range(0, 5).Select(i => ("GET", $"/{i}", 200, 19, 38))]);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 200)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", 304)]
    [InlineData("PURGE", "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404)]
    [InlineData("GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\nHTTP/1.1 500 Nonsense\r\nContent-Length: 0\r\n\r\n\r\n\r\n", 200)]
    public void Responses_end_where_the_protocol_says_and_the_next_one_is_found(string method, string response, int status)
    {
        Say($"{method} /1 HTTP/1.1\r\n\r\n");
        Answer(response);
        Say("GET /2 HTTP/1.1\r\n\r\n");
        Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        ShouldSee((method, "/1", status, method.Length + 16, response.Length), ("GET", "/2", 200, 19, 38));
    }

    [Fact]
    public void A_response_without_a_length_ends_with_the_connection()
    {
        Say("GET / HTTP/1.0\r\n\r\n");
        Answer("HTTP/1.0 200 OK\r\n\r\n");
        Answer(new string('x', 100_000));
        _recorder.Collect();
        _recorder.Exchanges.Count.ShouldBe(2, "the head was seen: a sweep reports both sides");
        _connection.Server.Close();
        TcpExchange.Transfer(_connection.Client, _connection.Client, 0);
        _connection.Client.Receive(new byte[1]).ShouldBe(0);
        _connection.Client.Close();

        ShouldSee(("GET", "/", 200, 18, 19 + 100_000));
    }

    [Fact]
    public void A_body_of_gigabytes_is_skipped_and_counted()
    {
        const long Body = 3L << 30;
        Say("GET /big HTTP/1.1\r\n\r\n");
        var head = $"HTTP/1.1 200 OK\r\nContent-Length: {Body}\r\n\r\n";
        Answer(head);
        TcpExchange.Transfer(_connection.Server, _connection.Client, Body);
        Say("GET /next HTTP/1.1\r\n\r\n");
        Answer("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");

        ShouldSee(("GET", "/big", 200, 21, head.Length + Body), ("GET", "/next", 404, 22, 37));
    }

    [Fact]
    public void A_path_that_is_too_long_is_cut_and_marked()
    {
        var path = "/" + new string('a', 3000);
        Say($"GET {path} HTTP/1.1\r\n\r\n");
        Answer("HTTP/1.1 414 Too Long\r\nContent-Length: 0\r\n\r\n");

        ShouldSee(("GET", path[..1024], 414, path.Length + 17, 44));
        _recorder.Exchanges.ShouldAllBe(e => e.IsTruncated);
    }

    [Fact]
    public void An_upgrade_ends_the_parsing_of_that_connection()
    {
        Say("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        Answer("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        Say("GET /not-http HTTP/1.1\r\n\r\n");
        Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        ShouldSee(("GET", "/chat", 101, 42, 36));
    }

    [Fact]
    public void What_is_not_HTTP_makes_no_exchange()
    {
        Say("\u0016\u0003\u0001GET / HTTP/1.1\r\n\r\n");
        Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        _connection.Close();
        _recorder.ShouldReach(_connection.IsClient, new FlowSum(21, 38, 1, 1));

        _recorder.Exchanges.ShouldBeEmpty();
    }

    [Fact]
    public void A_request_that_is_never_answered_is_counted_apart()
    {
        Say("GET /gone HTTP/1.1\r\n\r\n");
        _connection.Close();
        _recorder.ShouldReach(_connection.IsClient, new FlowSum(22, 0, 1, 1));

        _recorder.Exchanges.ShouldBeEmpty();
        _recorder.Counters.LeftOut.ShouldContain(l => l.Reason == "http-unanswered" && l.Records == 2);
    }

    [Fact]
    public void An_older_keep_alive_connection_is_covered_from_its_next_request_on()
    {
        using var older = new TcpExchange(IPAddress.Loopback);
        older.Client.Send("GET /before HTTP/1.1\r\n\r\n"u8);
        TcpExchange.ReceiveAll(older.Server, new byte[24], 24);
        older.Server.Send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"u8);
        using var recorder = new FlowRecorder();
        older.Server.Send(new byte[5000]);
        TcpExchange.ReceiveAll(older.Client, new byte[5041], 5041);
        older.Client.Send("GET /after HTTP/1.1\r\n\r\n"u8);
        TcpExchange.ReceiveAll(older.Server, new byte[23], 23);
        older.Server.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);
        TcpExchange.ReceiveAll(older.Client, new byte[38], 38);

        recorder.Until(_ => recorder.Exchanges.Count >= 2, "both sides report");
        recorder.Exchanges.ShouldAllBe(e => e.Path == "/after" && e.Status == 200);
    }

    private void Say(string text) => Transfer(_connection.Client, _connection.Server, text);

    private void Answer(string text) => Transfer(_connection.Server, _connection.Client, text);

    private static void Transfer(Socket from, Socket to, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var sender = new Thread(() => from.Send(bytes));
        sender.Start();
        TcpExchange.ReceiveAll(to, new byte[bytes.Length], bytes.Length);
        sender.Join();
    }

    private static void SayInPieces(Socket from, Socket to, string text, int size)
    {
        from.NoDelay = true;
        foreach (var piece in text.Chunk(size))
        {
            Transfer(from, to, new string(piece)); // read before the next one is sent: each is a segment of its own
        }
    }

    /// <summary>Both sides show exactly these, in this order; bytes are the request's and the response's.</summary>
    private void ShouldSee(params (string Method, string Path, int Status, long Request, long Response)[] expected)
    {
        _recorder.Until(_ => Sides().All(side => side.Length >= expected.Length), () => $"{expected.Length} exchanges on both sides, not {string.Join(", ", Sides().SelectMany(s => s))} with {string.Join(", ", _recorder.Counters.Losses)} {string.Join(", ", _recorder.Counters.LeftOut)}");
        foreach (var side in Sides())
        {
            side.ShouldBe(expected);
        }

        _recorder.OwnLosses.ShouldBeEmpty();
    }

    private (string Method, string Path, int Status, long Request, long Response)[][] Sides() =>
        [Side(_connection.IsClient, e => (e.BytesWritten, e.BytesRead)), Side(_connection.IsServer, e => (e.BytesRead, e.BytesWritten))];

    private (string Method, string Path, int Status, long Request, long Response)[] Side(
        Func<FlowIdentity, bool> flow, Func<HttpExchange, (ulong Request, ulong Response)> bytes) =>
    [
        .. _recorder.Exchanges.Where(e => flow(e.Flow))
            .GroupBy(e => (e.Method, e.Path, e.Status))
            .Select(g => (g.Key.Method, g.Key.Path, (int)g.Key.Status, g.Sum(e => (long)bytes(e).Request), g.Sum(e => (long)bytes(e).Response))),
    ];
}
