using System.Collections.Immutable;
using System.Globalization;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>Maps a key and its sums to the tags and fields of the measurement <c>netflow</c>.</summary>
public static class NetflowPoint
{
    public const string Measurement = "netflow";

    private const string NotAvailable = "N/A";

    /// <summary>All tags, sorted by name (ordinal). No value is empty, except where a user tag is.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Tags(in FlowKey key, PointIdentity identity)
    {
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in identity.UserTags)
        {
            tags[name] = value;
        }

        var isIPv4 = key.Source.IsIPv4 && key.Destination.IsIPv4;
        tags["host"] = identity.Host;
        tags["service"] = identity.Service;
        tags["source"] = Measurement;
        tags["family"] = isIPv4 ? "IPv4" : "IPv6";
        tags["direction"] = key.Direction == Direction.Incoming ? "incoming" : "outgoing";
        tags["transport"] = key.Transport == Transport.Udp ? "udp" : "tcp";
        tags["src_ip"] = key.Source.ToString();
        tags["dst_ip"] = key.Destination.ToString();
        tags["src_port"] = Port(key.SourcePort);
        tags["dst_port"] = Port(key.DestinationPort);
        tags["src_ip_type"] = AddressType.Of(key.Source);
        tags["dst_ip_type"] = AddressType.Of(key.Destination);
        tags["pid"] = key.Pid.ToString(CultureInfo.InvariantCulture);
        tags["process_name"] = string.IsNullOrEmpty(key.ProcessName) ? NotAvailable : key.ProcessName;
        tags["dst_nat_ip"] = NotAvailable;
        tags["dst_nat_port"] = NotAvailable;
        return [.. tags];
    }

    /// <summary>The integer fields, sorted by name: all of them for TCP, the bytes for UDP.</summary>
    public static KeyValuePair<string, long>[] Fields(in FlowKey key, in FlowTotals totals) => key.Transport == Transport.Udp
        ? [Field("bytes_read", totals.BytesRead), Field("bytes_written", totals.BytesWritten)]
        :
        [
            Field("bytes_read", totals.BytesRead),
            Field("bytes_written", totals.BytesWritten),
            Field("retransmits", totals.Retransmits),
            Field("rtt", totals.Rtt),
            Field("rtt_var", totals.RttVar),
            Field("tcp_closed", totals.Closed),
            Field("tcp_established", totals.Established),
        ];

    private static KeyValuePair<string, long> Field(string name, ulong value) => new(name, (long)Math.Min(value, long.MaxValue));

    private static string Port(ushort port) => port == FlowKey.AnyPort ? "*" : port.ToString(CultureInfo.InvariantCulture);
}
