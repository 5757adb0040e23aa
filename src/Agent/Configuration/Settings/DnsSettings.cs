using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>The settings of dnsflow and of the names of addresses.</summary>
internal static class DnsSettings
{
    /// <summary>As many as the kernel side compares a port with.</summary>
    private const int MostPorts = 8;

    public static readonly Setting<IReadOnlyList<ushort>> Ports = new("dns_ports", TomlShape.List, Texts.Ports(MostPorts))
    {
        Flags = ["--dns-ports"],
        ValueName = "PORT",
        Help = "Ports that carry DNS, up to 8; an empty list switches dnsflow off.",
        Default = ["53"],
        Example = "[\"53\"]",
        EmptyListHasMeaning = true,
    };

    public static readonly Setting<TimeSpan> Timeout =
        new("dns_timeout", TomlShape.Text, Durations.Between(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)))
        {
            Flags = ["--dns-timeout"],
            ValueName = "DURATION",
            Help = "A DNS query without an answer for this long has rcode -1, 100ms to 1m.",
            Default = ["6s"],
            Example = "\"6s\"",
        };

    public static readonly Setting<bool> QueryTags = new("dns_query_tags", TomlShape.Boolean, Texts.Switch)
    {
        Flags = ["--dns-query-tags"],
        Help = "Tag dnsflow with query_name and query_type.",
        Default = ["false"],
        Example = "true",
    };

    public static readonly Setting<int> NamesPerFlow = new("dns_names_per_flow", TomlShape.Integer, Texts.Number(1, 1_000_000))
    {
        Flags = ["--dns-names-per-flow"],
        ValueName = "COUNT",
        Help = "Distinct query names of one flow; others are summed as ~other.",
        Default = ["200"],
        Example = "200",
    };

    public static readonly Setting<int> NamesTotal = new("dns_names_total", TomlShape.Integer, Texts.Number(1, 10_000_000))
    {
        Flags = ["--dns-names-total"],
        ValueName = "COUNT",
        Help = "The same for all flows together; a name of several flows counts once.",
        Default = ["10000"],
        Example = "10000",
    };

    public static readonly Setting<TimeSpan> MinTimeToLive =
        new("domain_ttl_min", TomlShape.Text, Durations.Between(TimeSpan.Zero, TimeSpan.FromDays(7)))
        {
            Flags = ["--domain-ttl-min"],
            ValueName = "DURATION",
            Help = "A name is good for its address for this long at least.",
            Default = ["5m"],
            Example = "\"5m\"",
        };

    public static readonly Setting<TimeSpan> MaxTimeToLive =
        new("domain_ttl_max", TomlShape.Text, Durations.Between(TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)))
        {
            Flags = ["--domain-ttl-max"],
            ValueName = "DURATION",
            Help = "And for this long at most; not below the other.",
            Default = ["24h"],
            Example = "\"24h\"",
        };

    public static readonly Setting<int> TableSize = new("domain_table_size", TomlShape.Integer, Texts.Number(16, 4_194_304))
    {
        Flags = ["--domain-table-size"],
        ValueName = "COUNT",
        Help = "Addresses whose names are kept.",
        Default = ["16384"],
        Example = "16384",
    };

    public static readonly ImmutableArray<Setting> All =
    [
        Ports, Timeout, QueryTags, NamesPerFlow, NamesTotal, MinTimeToLive, MaxTimeToLive, TableSize,
    ];
}
