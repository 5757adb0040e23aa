using System.Collections.Immutable;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>Maps a key and its sums to the tags and fields of the measurement <c>netflow</c>.</summary>
public static class NetflowPoint
{
    public const string Measurement = "netflow";

    /// <summary>All tags, sorted by name (ordinal). No value is empty, except where a user tag is.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Tags(in FlowKey key, PointIdentity identity) =>
        FlowTags.Of(key, identity, Measurement);

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
}
