using EbpfActors.Actors.Cardinality;

namespace EbpfActors.Actors.Http;

/// <summary>How many distinct paths are told apart at a time; what exceeds is summed under <see cref="CardinalityGovernor.Other"/>.</summary>
public sealed record HttpPathLimits
{
    /// <summary>Paths of one connection key.</summary>
    public int PerFlow { get; init; } = 1_000;

    /// <summary>Distinct paths of all connection keys together; a path of two keys counts once.</summary>
    public int Total { get; init; } = 20_000;
}
