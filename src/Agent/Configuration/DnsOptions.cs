namespace EbpfActors.Agent.Configuration;

/// <summary>How DNS is observed, and how long the names of addresses are good.</summary>
public sealed record DnsOptions
{
    /// <summary>Ports that carry DNS, eight at most; none switches dnsflow and the tag <c>dst_domain</c> off.</summary>
    public required IReadOnlyList<ushort> Ports { get; init; }

    /// <summary>A query without an answer for so long has timed out.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Name and type of a query are tags of its point.</summary>
    public required bool QueryTags { get; init; }

    /// <summary>Distinct names of one connection key where names are tags; what exceeds is reported as <c>~other</c>.</summary>
    public required int NamesPerFlow { get; init; }

    /// <summary>Distinct names of all connection keys together.</summary>
    public required int NamesTotal { get; init; }

    /// <summary>A name is good for its address for so long at least, whatever its record says.</summary>
    public required TimeSpan MinTimeToLive { get; init; }

    /// <summary>And for so long at most.</summary>
    public required TimeSpan MaxTimeToLive { get; init; }

    /// <summary>Addresses whose names are kept.</summary>
    public required int MaxAddresses { get; init; }
}
