namespace EbpfActors.Agent.Configuration;

/// <summary>Where points go, and how much is kept on disk while DataKit is away.</summary>
public sealed record OutputOptions
{
    /// <summary>Never empty, no duplicates.</summary>
    public required IReadOnlyList<OutputTarget> Targets { get; init; }

    public required string SpoolFolder { get; init; }

    /// <summary>At least 1 MiB.</summary>
    public required long SpoolBytes { get; init; }

    /// <summary>Standard output carries points or the table, so nothing else may write there.</summary>
    public bool OwnsStandardOutput => Targets.Any(t => t.Kind is OutputKind.Stdout or OutputKind.Table);

    public bool Has(OutputKind kind) => Targets.Any(t => t.Kind == kind);
}
