using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration;

/// <summary>
/// The outcome of reading all layers: either options that are valid as a whole, or every problem at once.
/// </summary>
public sealed record ConfigurationResult(
    AgentOptions? Options,
    ImmutableArray<ConfigurationProblem> Problems,
    ImmutableArray<EffectiveValue> Effective)
{
    /// <summary>The options with defaults in place of what is wrong: good enough to tell of the problems, and for nothing else.</summary>
    public required AgentOptions Attempt { get; init; }
}
