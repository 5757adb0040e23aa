namespace EbpfActors.Actors.Dns;

/// <summary>How many distinct names are told apart in one flush window, where names are tags; what exceeds is summed under <c>~other</c>.</summary>
public sealed record DnsNameLimits
{
    /// <summary>Names of one connection key.</summary>
    public int PerFlow { get; init; } = 200;

    /// <summary>Distinct names of all connection keys together; a name of two keys counts once.</summary>
    public int Total { get; init; } = 10_000;
}
