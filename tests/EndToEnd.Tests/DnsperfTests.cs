using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>dnsperf against unbound, and both against the agent's account, which knows of this run's queries only.</summary>
public sealed class DnsperfTests : IDisposable
{
    private const int Port = 5399;
    private const int UpstreamPort = 5398;

    private static readonly string[] Mixed = ["a.test", "b.test", "nowhere.test", "x.refused.test"];

    private readonly NetworkNamespace _near;
    private readonly NetworkNamespace _far;
    private readonly Unbound _server;
    private readonly AgentHome _home = new();

    public DnsperfTests()
    {
        (_near, _far) = NetworkNamespace.Pair();
        _server = Unbound.Start(_far, Port, UpstreamPort);
    }

    public void Dispose()
    {
        _server.Dispose();
        _home.Dispose();
        _near.Dispose();
        _far.Dispose();
    }

    [Theory]
    [InlineData("10.77.0.2", "udp")]
    [InlineData("fd77::2", "udp")]
    [InlineData("10.77.0.2", "tcp")]
    [InlineData("fd77::2", "tcp")]
    public async Task Both_sides_count_what_dnsperf_counts_by_response_code(string server, string transport)
    {
        using var agent = await StartAsync();

        var run = Dnsperf.Run(_near, $"-s {server} -p {Port} -m {transport} -c 4 -T 1 -Q 3000 -l 2", Mixed);
        await EverythingIsOver(agent);
        await agent.StopAsync();

        run.Codes.Keys.Order().ShouldBe([0, 3, 5]);
        var points = Points();
        Codes(points.Clients(transport, Port)).ShouldBe(run.Codes, ignoreOrder: true);
        Codes(points.Servers(transport, Port)).ShouldBe(run.Codes, ignoreOrder: true);
        points.All.Sum(p => (long)p.Fields["count"]).ShouldBe(2 * run.Completed);
    }

    [Fact]
    public async Task Queries_that_get_no_answer_are_timeouts()
    {
        using var agent = await StartAsync();

        var run = Dnsperf.Run(_near, $"-s 10.77.0.2 -p {Port} -n 50 -t 2 -q 1000", [.. Mixed, "x.drop.test"]);
        await EverythingIsOver(agent);
        await agent.StopAsync();

        (run.Lost, run.Completed).ShouldBe((50, 200));
        var expected = new Dictionary<int, long>(run.Codes) { [-1] = run.Lost };
        Codes(Points().Clients("udp", Port)).ShouldBe(expected, ignoreOrder: true);
        Codes(Points().Servers("udp", Port)).ShouldBe(expected, ignoreOrder: true);
    }

    [Fact]
    public async Task At_20000_queries_a_second_every_message_is_in_a_point_or_counted_with_its_reason()
    {
        using var agent = await StartAsync();

        var run = Dnsperf.Run(_near, $"-s 10.77.0.2 -p {Port} -c 8 -T 1 -Q 20000 -l 4 -t 4", Mixed);
        await EverythingIsOver(agent);
        var kernel = (await agent.StatusAsync()).StageOf("kernel");
        await agent.StopAsync();

        long Counted(IReadOnlyDictionary<string, long> counts) => counts.Where(c => c.Key.StartsWith("dns-", StringComparison.Ordinal)).Sum(c => c.Value);
        var points = Points().All;
        var answered = points.Where(p => (long)p.Fields["rcode"] >= 0).Sum(p => (long)p.Fields["count"]);
        var timedOut = points.Where(p => (long)p.Fields["rcode"] == -1).Sum(p => (long)p.Fields["count"]);

        // Each query that was answered is two messages at each end; one that was not is one at least at its client.
        var sent = (4 * run.Completed) + (run.Sent - run.Completed);
        var seen = (2 * answered) + timedOut + Counted(kernel.Lost) + Counted(kernel.Filtered);
        seen.ShouldBeInRange(sent, sent + (2 * (run.Sent - run.Completed)));
        if (Counted(kernel.Lost) == 0 && run.Lost == 0)
        {
            Codes(Points().Clients("udp", Port)).ShouldBe(run.Codes, ignoreOrder: true);
        }
    }

    [Fact]
    public async Task The_mean_latency_lies_between_what_the_server_waited_and_what_dnsperf_measured()
    {
        // dnsperf's clock runs from before its send to after its receive, the server's from after its receive to before its send. Not
        // longer than that: unbound would ask again.
        using var upstream = _far.Run(() => new SlowServer(UpstreamPort, TimeSpan.FromMilliseconds(100)));
        using var agent = await StartAsync();

        var run = Dnsperf.Run(_near, $"-s 10.77.0.2 -p {Port} -Q 100 -n 1", Enumerable.Range(0, 200).Select(i => $"{i}.slow"));
        await EverythingIsOver(agent);
        await agent.StopAsync();

        var clients = Points().Clients("udp", Port);
        Codes(clients).ShouldBe(new Dictionary<int, long> { [0] = 200 });
        var latency = clients.All.Sum(p => (long)p.Fields["latency"] * (long)p.Fields["count"]);
        (latency + 200).ShouldBeGreaterThanOrEqualTo(upstream.WaitedNs, "a point's latency is an integer mean: less than a nanosecond a query is cut off");
        (latency / 200 / 1000).ShouldBeLessThanOrEqualTo(((long)run.Latency.TotalMicroseconds) + 1, "dnsperf shows microseconds");
    }

    private Task<AgentProcess> StartAsync() => AgentProcess.StartReadyAsync(
        _home, "--output", $"file:{_home.Points}", "--interval", "1s", "--dns-ports", Port.ToString(CultureInfo.InvariantCulture), "--dns-timeout", "2s");

    /// <summary>No query waits for an answer any more, and a flush has followed.</summary>
    private static async Task EverythingIsOver(AgentProcess agent)
    {
        await agent.FlushesAsync(1);
        await Eventually.HoldsAsync(async () => (await agent.StatusAsync()).Limits.Single(l => l.Table == "DNS queries under way").Used == 0);
        await agent.FlushesAsync(1);
    }

    private NetflowPoints Points() => NetflowPoints.Parse(_home.PointLines(), "dnsflow");

    private static Dictionary<int, long> Codes(NetflowPoints points) => points.All
        .GroupBy(p => (int)(long)p.Fields["rcode"], p => (long)p.Fields["count"]).ToDictionary(g => g.Key, g => g.Sum());

    /// <summary>A server of this process that answers every question with an address, after a while.</summary>
    private sealed class SlowServer : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly TimeSpan _delay;
        private long _waitedNs;

        public SlowServer(int port, TimeSpan delay)
        {
            _delay = delay;
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            _ = ServeAsync();
        }

        /// <summary>Between the receive of each query and the send of its answer, nanoseconds, over all queries.</summary>
        public long WaitedNs => Interlocked.Read(ref _waitedNs);

        public void Dispose() => _socket.Dispose();

        private async Task ServeAsync()
        {
            var buffer = new byte[4096];
            try
            {
                while (true)
                {
                    var got = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                    _ = AnswerAsync(buffer[..got.ReceivedBytes], got.RemoteEndPoint);
                }
            }
            catch (ObjectDisposedException)
            {
                // the test is over
            }
            catch (SocketException)
            {
                // the test is over
            }
        }

        private async Task AnswerAsync(byte[] query, EndPoint client)
        {
            var start = Stopwatch.GetTimestamp();
            await Task.Delay(_delay);
            Interlocked.Add(ref _waitedNs, (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds);
            var answer = DnsBytes.Answer(query, 0, [[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 3]]);
            await _socket.SendToAsync(answer, client);
        }
    }
}
