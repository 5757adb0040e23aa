using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Dns;

/// <summary>What tells the dnsflow points of one connection key apart. Name and type are empty and 0 unless they are wanted as tags.</summary>
public readonly record struct DnsBucketKey(int Rcode, string Name, ushort QueryType)
{
    public static DnsBucketKey Of(in DnsExchange exchange, bool names) =>
        names ? new(exchange.Rcode, exchange.Name, exchange.QueryType) : new(exchange.Rcode, "", 0);
}
