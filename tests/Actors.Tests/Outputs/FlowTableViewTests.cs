using System.Collections.Immutable;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Outputs;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes.Net;
using Shouldly;
using Spectre.Console;
using Xunit;

namespace EbpfActors.Actors.Tests.Outputs;

public sealed class FlowTableViewTests
{
    private static readonly ImmutableArray<FlowFlushed> SomeFlows =
    [
        Flow(Some.Flow(), read: 5120, written: 742, rtt: 1830),
        Flow(Some.Flow("10.0.0.8", "198.51.100.7", 80, 50000, direction: Direction.Incoming, pid: 900, process: "nginx"), 900, 20_480_000),
        Flow(Some.Flow("2001:db8::15", "2001:db8::53", destinationPort: 53, transport: Transport.Udp, pid: 0, process: ""), 100, 40),
        Flow(Some.Flow(process: "[red]not markup[/]"), 1, 1),
    ];

    [Fact]
    public void The_busiest_flow_comes_first_and_the_rest_is_counted()
    {
        var text = Render(width: 140, rows: 3, SomeFlows);

        text.ShouldBe(
            """
            node-1  22:13:20  4 flows in 10 s  sent 2.0 MB/s  received 612 B/s  lost 3
               process   pid  local             remote                     sent  received     rtt  retr  open  closed
            ←  nginx     900  10.0.0.8:80       198.51.100.7:*         2.0 MB/s    90 B/s
            →  curl     4242  192.0.2.15:*      203.0.113.10:443         74 B/s   512 B/s  1.8 ms
            →  ?              [2001:db8::15]:*  [2001:db8::53]:53 udp     4 B/s    10 B/s
            and 1 more
            """);
    }

    [Fact]
    public void A_narrow_window_shows_who_where_and_how_much()
    {
        var lines = Render(width: 100, rows: 3, SomeFlows).Split('\n');

        lines[1].ShouldEndWith("received");
        lines.ShouldAllBe(l => l.Length <= 100);
    }

    [Fact]
    public void A_wide_window_shows_what_HTTP_did_on_the_flow()
    {
        var http = HttpFlushed.Nothing with { Latency = new LatencySummary(25, 1_800_000, 20_000_000, 2_000_000_000, []) };

        var lines = Render(width: 180, rows: 1, [SomeFlows[1] with { Http = http }]).Split('\n');

        lines[1].ShouldEndWith("http/s     p50      p95    p99");
        lines[2].ShouldEndWith("2.5  1.8 ms  20.0 ms  2.0 s");
    }

    [Fact]
    public void A_name_that_a_process_gave_itself_cannot_steer_the_terminal()
    {
        var text = Render(width: 140, rows: 1, [Flow(Some.Flow(process: "a\u001b[2J\nb\u009b\u202e"), 1, 1)]);

        text.ShouldContain(@"→  a\x1b[2J\nb\x9b\u202e  4242");
    }

    private static FlowFlushed Flow(FlowIdentity flow, ulong read, ulong written, ulong rtt = 0) =>
        new(1, Some.Key(flow), new FlowTotals { BytesRead = read, BytesWritten = written, RttSamples = 1, RttSum = rtt }, []);

    private static string Render(int width, int rows, ImmutableArray<FlowFlushed> flows)
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = width;
        var at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        console.Write(FlowTableView.Render("node-1", new FlushedFlows(at, TimeSpan.FromSeconds(10), flows), lost: 3, rows, width));
        return string.Join('\n', writer.ToString().Split('\n').Select(l => l.TrimEnd())).TrimEnd();
    }
}
