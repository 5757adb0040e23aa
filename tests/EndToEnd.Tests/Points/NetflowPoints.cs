using System.Globalization;
using EbpfActors.FakeDataKit;

namespace EbpfActors.EndToEnd.Tests.Points;

/// <summary>Points of one measurement, netflow unless said otherwise, as somebody downstream sees them: tags, fields, sums over lines.</summary>
internal sealed class NetflowPoints(IEnumerable<ParsedPoint> points)
{
    public IReadOnlyList<ParsedPoint> All { get; } = [.. points];

    /// <summary>Fails on a line that DataKit would refuse.</summary>
    public static NetflowPoints Parse(IEnumerable<string> lines, string measurement = "netflow") =>
        new([.. lines.Select(LineParser.Parse).Where(p => p.Measurement == measurement)]);

    public static NetflowPoints Of(DataKitServer dataKit, string measurement = "netflow") =>
        Parse(dataKit.Accepted.Select(l => l.Line), measurement);

    /// <summary>The side that connected, seen from its process.</summary>
    public NetflowPoints Clients(string transport, int serverPort, int? pid = null) => Where(transport, "outgoing", "dst_port", serverPort, pid);

    /// <summary>The side that accepted, seen from its process.</summary>
    public NetflowPoints Servers(string transport, int serverPort, int? pid = null) => Where(transport, "incoming", "src_port", serverPort, pid);

    public long Sum(string field) => All.Sum(p => (long)p.Fields[field]);

    private NetflowPoints Where(string transport, string direction, string portTag, int port, int? pid) => new(All.Where(p =>
        p.Tags["transport"] == transport
        && p.Tags["direction"] == direction
        && p.Tags[portTag] == port.ToString(CultureInfo.InvariantCulture)
        && (pid is null || p.Tags["pid"] == pid.Value.ToString(CultureInfo.InvariantCulture))));
}
