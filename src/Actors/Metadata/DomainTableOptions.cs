namespace EbpfActors.Actors.Metadata;

/// <summary>The bounds of the names of addresses.</summary>
public sealed record DomainTableOptions
{
    /// <summary>Addresses at most, over all network namespaces.</summary>
    public int MaxAddresses { get; init; } = 16_384;

    /// <summary>A name is good for so long at least: many are given a minute or less, and connections are made later.</summary>
    public TimeSpan MinTimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>And for so long at most.</summary>
    public TimeSpan MaxTimeToLive { get; init; } = TimeSpan.FromHours(24);
}
