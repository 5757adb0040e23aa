using System.Globalization;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>
/// Whatever system call moves the bytes, the exchange is seen: those that collectors at read and write never meet among them.
/// A kernel that refuses one of them fails its test with exit 77 and says so.
/// </summary>
public sealed class HttpWaysTests(HttpHost host) : IClassFixture<HttpHost>
{
    private const int Count = 40;

    [Theory]
    [InlineData("write")]
    [InlineData("writev")]
    [InlineData("sendmmsg")]
    [InlineData("more")]
    [InlineData("sendfile")]
    [InlineData("splice")]
    [InlineData("vmsplice")]
    [InlineData("zerocopy")]
    [InlineData("uring")]
    [InlineData("uring-writev")]
    [InlineData("uring-zerocopy")]
    [InlineData("uring-sqpoll")]
    public void Bytes_are_seen_whatever_system_call_moves_them(string way)
    {
        var missing = host.Missing();
        var lines = Shell.Run(Path.Combine(AppContext.BaseDirectory, "http_ways"), $"{way} {Count}")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var port = int.Parse(lines[0], CultureInfo.InvariantCulture);
        var expected = lines[1..].Select((line, i) => Said(way, i, line)).ToArray();
        long Closed() => host.Recorder.Where(f => f.SourcePort == port || f.DestinationPort == port).Sum(d => (long)d.Closed);
        host.Recorder.Until(_ => Closed() >= 2, () => $"{Closed()} of two ends are closed; lost: {string.Join(", ", host.Recorder.Counters.Losses)}");

        expected.Length.ShouldBe(Count);
        Side(f => f.DestinationPort == port, e => (e.BytesWritten, e.BytesRead)).ShouldBe(expected);
        Side(f => f.SourcePort == port, e => (e.BytesRead, e.BytesWritten)).ShouldBe(expected);
        host.MissingSince(missing).ShouldBeEmpty();
    }

    private static Seen Said(string way, int number, string bytes)
    {
        var both = bytes.Split(' ').Select(b => long.Parse(b, CultureInfo.InvariantCulture)).ToArray();
        return new Seen("POST", $"/{way}/{number}", 200 + (number % 4), both[0], both[1]);
    }

    private Seen[] Side(Func<FlowIdentity, bool> flow, Func<HttpExchange, (ulong Request, ulong Response)> bytes) =>
    [
        .. host.Recorder.Exchanges.Where(e => flow(e.Flow) && e.Count == 1)
            .Select(e => new Seen(e.Method, e.Path, e.Status, (long)bytes(e).Request, (long)bytes(e).Response)),
    ];
}
