using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Http;

/// <summary>A key and what HTTP did on it.</summary>
public readonly record struct KeyedHttp(FlowKey Key, HttpSums Sums);
