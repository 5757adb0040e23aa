using System.Collections.Immutable;
using System.Globalization;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>The tags that say which connection key a point is about, and who reports it.</summary>
public static class FlowTags
{
    private const string NotAvailable = "N/A";

    /// <summary>All tags, sorted by name (ordinal). No value is empty, except where a user tag is.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Of(in FlowKey key, PointIdentity identity, string source)
    {
        var tags = OfPeers(key, identity, source);
        tags["pid"] = key.Pid.ToString(CultureInfo.InvariantCulture);
        tags["process_name"] = string.IsNullOrEmpty(key.ProcessName) ? NotAvailable : key.ProcessName;
        tags["dst_nat_ip"] = key.Nat.IsKnown ? key.Nat.Address.ToString() : NotAvailable;
        tags["dst_nat_port"] = key.Nat.IsKnown ? Port(key.Nat.Port) : NotAvailable;
        return [.. tags];
    }

    /// <summary>The tags without those of the process and of address translation.</summary>
    public static SortedDictionary<string, string> OfPeers(in FlowKey key, PointIdentity identity, string source)
    {
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in identity.UserTags)
        {
            tags[name] = value;
        }

        var isIPv4 = key.Source.IsIPv4 && key.Destination.IsIPv4;
        tags["host"] = identity.Host;
        tags["service"] = identity.Service;
        tags["source"] = source;
        tags["family"] = isIPv4 ? "IPv4" : "IPv6";
        tags["direction"] = key.Direction == Direction.Incoming ? "incoming" : "outgoing";
        tags["transport"] = key.Transport == Transport.Udp ? "udp" : "tcp";
        tags["src_ip"] = key.Source.ToString();
        tags["dst_ip"] = key.Destination.ToString();
        tags["src_port"] = Port(key.SourcePort);
        tags["dst_port"] = Port(key.DestinationPort);
        tags["src_ip_type"] = AddressType.Of(key.Source);
        tags["dst_ip_type"] = AddressType.Of(key.Destination);
        if (key.Domain.Length > 0)
        {
            tags["dst_domain"] = key.Domain;
        }

        return tags;
    }

    private static string Port(ushort port) => port == FlowKey.AnyPort ? "*" : port.ToString(CultureInfo.InvariantCulture);
}
