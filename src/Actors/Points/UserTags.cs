using System.Collections.Frozen;
using System.Text;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Points;

/// <summary>
/// Which of the user's tags a measurement can carry. DataKit drops a field in silence when a tag has its name, and in logs certain keys
/// as well: such a tag is left out of that measurement, and a warning says so.
/// </summary>
public static class UserTags
{
    /// <summary>The fields of each measurement.</summary>
    private static readonly (string Measurement, FrozenSet<string> Fields)[] Measurements =
    [
        (NetflowPoint.Measurement, ["bytes_read", "bytes_written", "retransmits", "rtt", "rtt_var", "tcp_closed", "tcp_established"]),
        (HttpflowLineRenderer.Measurement,
        [
            "bytes_read", "bytes_written", "count", "http_version", "latency", "latency_max", "method", "path", "status_code", "truncated",
        ]),
        (DnsflowLineRenderer.Measurement, ["count", "latency", "latency_max", "rcode", "retries"]),
        (BashLineRenderer.Measurement, ["cmd", "message", "pid", "truncated", "user"]),
    ];

    /// <summary>Keys that DataKit takes from the points of its logs.</summary>
    private static readonly FrozenSet<string> DroppedFromLogs = ["date", "source"];

    /// <summary>The tags of these that the measurement carries, with the keys that they have there.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(string measurement, IEnumerable<KeyValuePair<string, string>> tags) =>
        tags.Where(tag => Problem(measurement, tag.Key) is null).Select(tag => new KeyValuePair<string, string>(Key(measurement, tag.Key), tag.Value));

    /// <summary>A sentence for each tag of these that is not everywhere what the user wrote.</summary>
    public static IEnumerable<string> Warnings(IEnumerable<string> tags)
    {
        foreach (var tag in tags)
        {
            foreach (var cause in Measurements.GroupBy(m => Problem(m.Measurement, tag), m => m.Measurement).Where(g => g.Key is not null))
            {
                yield return $"tag {tag} is left out of {string.Join(", ", cause)}: {cause.Key}";
            }

            if (Problem(BashLineRenderer.Measurement, tag) is null && Key(BashLineRenderer.Measurement, tag) is var key && key != tag)
            {
                yield return $"tag {tag} is {key} on {BashLineRenderer.Measurement}: DataKit's logs have no dots in keys";
            }
        }
    }

    private static string? Problem(string measurement, string tag)
    {
        var key = Key(measurement, Encoding.UTF8.GetString(LineText.Name(tag, LineLimits.KeyBytes, out _)));
        return Measurements.First(m => m.Measurement == measurement).Fields.Contains(key) ? "a field has that name, which DataKit would drop"
            : measurement == BashLineRenderer.Measurement && DroppedFromLogs.Contains(key) ? "DataKit takes it from logs"
            : null;
    }

    private static string Key(string measurement, string tag) => measurement == BashLineRenderer.Measurement ? tag.Replace('.', '_') : tag;
}
