using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>What one layer gave, and what in it could not be understood at all.</summary>
internal sealed record LayerReading(ImmutableArray<Given> Givens, ImmutableArray<ConfigurationProblem> Problems)
{
    public static readonly LayerReading Empty = new([], []);

    /// <summary>Things that are valid and probably not meant that way.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}
