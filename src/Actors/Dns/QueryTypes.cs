using System.Globalization;

namespace EbpfActors.Actors.Dns;

/// <summary>The names of query types that are met outside of books; the others are written as in RFC 3597.</summary>
public static class QueryTypes
{
    private static readonly Dictionary<ushort, string> Names = new()
    {
        [1] = "A",
        [2] = "NS",
        [5] = "CNAME",
        [6] = "SOA",
        [12] = "PTR",
        [15] = "MX",
        [16] = "TXT",
        [28] = "AAAA",
        [33] = "SRV",
        [35] = "NAPTR",
        [39] = "DNAME",
        [43] = "DS",
        [46] = "RRSIG",
        [47] = "NSEC",
        [48] = "DNSKEY",
        [50] = "NSEC3",
        [52] = "TLSA",
        [64] = "SVCB",
        [65] = "HTTPS",
        [251] = "IXFR",
        [252] = "AXFR",
        [255] = "ANY",
        [257] = "CAA",
    };

    public static string Name(ushort type) =>
        Names.TryGetValue(type, out var name) ? name : "TYPE" + type.ToString(CultureInfo.InvariantCulture);
}
