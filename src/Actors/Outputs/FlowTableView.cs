using System.Globalization;
using EbpfActors.Actors.Flows;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EbpfActors.Actors.Outputs;

/// <summary>What a person sees of one flush: a line about all of it, then the busiest flows.</summary>
public static class FlowTableView
{
    /// <summary>Lines that are not flows: header, column heads, the line about the rest, the cursor's line.</summary>
    public const int Overhead = 4;

    private const int WidthForAll = 150;
    private const int WidthForFlows = 110;
    private const int ColumnsForFlows = 11;
    private const int ColumnsForNarrow = 7;

    private static readonly (string Head, bool IsNumber)[] Columns =
    [
        ("", false), ("process", false), ("pid", true), ("local", false), ("remote", false), ("sent", true), ("received", true),
        ("rtt", true), ("retr", true), ("open", true), ("closed", true),
        ("http/s", true), ("p50", true), ("p95", true), ("p99", true),
    ];

    /// <summary>The <paramref name="rows"/> busiest flows; a narrow window shows who, where and how much, a wide one the rest too.</summary>
    public static IRenderable Render(string host, FlushedFlows flushed, long lost, int rows, int width)
    {
        var columns = width < WidthForFlows ? ColumnsForNarrow : width < WidthForAll ? ColumnsForFlows : Columns.Length;
        var shown = flushed.Flows.OrderByDescending(Traffic).ThenBy(f => f.Key.ProcessName, StringComparer.Ordinal).Take(rows).ToList();
        var table = new Table().Border(TableBorder.None).Collapse();
        foreach (var (head, isNumber) in Columns.Take(columns))
        {
            var column = new TableColumn(new Text(head, new Style(decoration: Decoration.Bold))).NoWrap().PadLeft(0).PadRight(2);
            table.AddColumn(isNumber ? column.RightAligned() : column);
        }

        foreach (var flow in shown)
        {
            table.AddRow(Cells(flow, flushed.Elapsed).Take(columns).Select(c => new Text(SafeText.OneLine(c))));
        }

        var more = flushed.Flows.Length - shown.Count;
        IRenderable rest = more > 0 ? new Text($"and {more} more") : Text.Empty;
        return new Rows(new Text(SafeText.OneLine(Header(host, flushed, lost))), table, rest);
    }

    private static IEnumerable<string> Cells(FlowFlushed flow, TimeSpan elapsed) =>
    [
        flow.Key.Direction == Direction.Incoming ? "←" : "→",
        flow.Key.ProcessName.Length == 0 ? "?" : flow.Key.ProcessName,
        flow.Key.Pid == 0 ? "" : flow.Key.Pid.ToString(CultureInfo.InvariantCulture),
        Endpoint(flow.Key.Source, flow.Key.SourcePort),
        Endpoint(flow.Key.Destination, flow.Key.DestinationPort) + (flow.Key.Transport == Transport.Udp ? " udp" : ""),
        Humanise.Rate(flow.Totals.BytesWritten, elapsed),
        Humanise.Rate(flow.Totals.BytesRead, elapsed),
        Humanise.Micros(flow.Totals.Rtt),
        Humanise.Count(flow.Totals.Retransmits),
        Humanise.Count(flow.Totals.Established),
        Humanise.Count(flow.Totals.Closed),
        Humanise.PerSecond(flow.Http.Latency.Count, elapsed),
        Humanise.Micros(flow.Http.Latency.P50 / 1000),
        Humanise.Micros(flow.Http.Latency.P95 / 1000),
        Humanise.Micros(flow.Http.Latency.P99 / 1000),
    ];

    private static string Header(string host, FlushedFlows flushed, long lost)
    {
        var sent = flushed.Flows.Aggregate(0UL, (sum, f) => sum + f.Totals.BytesWritten);
        var received = flushed.Flows.Aggregate(0UL, (sum, f) => sum + f.Totals.BytesRead);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{host}  {flushed.At:HH:mm:ss}  {flushed.Flows.Length} flows in {flushed.Elapsed.TotalSeconds:0.#} s"
            + $"  sent {Rate(sent, flushed)}  received {Rate(received, flushed)}  lost {lost}");
    }

    private static string Rate(ulong bytes, FlushedFlows flushed) => bytes == 0 ? "0 B/s" : Humanise.Rate(bytes, flushed.Elapsed);

    private static string Endpoint(IpAddress address, ushort port)
    {
        var shownPort = port == FlowKey.AnyPort ? "*" : port.ToString(CultureInfo.InvariantCulture);
        return address.IsIPv4 ? $"{address}:{shownPort}" : $"[{address}]:{shownPort}";
    }

    private static ulong Traffic(FlowFlushed flow) => flow.Totals.BytesRead + flow.Totals.BytesWritten;
}
