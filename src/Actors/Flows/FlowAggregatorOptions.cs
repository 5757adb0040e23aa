using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;

namespace EbpfActors.Actors.Flows;

/// <summary>What all aggregators of a scheduler share.</summary>
public sealed record FlowAggregatorOptions
{
    public required FlowRenderers Renderers { get; init; }

    public required HttpPathLimits HttpPaths { get; init; }

    /// <summary>What is left of <see cref="HttpPathLimits.Total"/>.</summary>
    public required CardinalityBudget HttpPathBudget { get; init; }

    public DnsNameLimits DnsNames { get; init; } = new();

    /// <summary>What is left of <see cref="DnsNameLimits.Total"/>.</summary>
    public CardinalityBudget DnsNameBudget { get; init; } = new(new DnsNameLimits().Total);
}
