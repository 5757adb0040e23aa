namespace EbpfActors.Agent.Configuration;

/// <summary>How to reach the Kubernetes API, passed through to whoever asks it.</summary>
public sealed record KubernetesOptions
{
    public required Uri ApiServer { get; init; }

    /// <summary>File that holds the token; it wins over <see cref="BearerToken"/> when the file exists.</summary>
    public required string BearerTokenPath { get; init; }

    public required string BearerToken { get; init; }

    public required IReadOnlyList<string> WorkloadLabels { get; init; }

    public required string WorkloadLabelPrefix { get; init; }

    // A record prints its members; the token must not reach a log that way.
    public override string ToString() => $"{ApiServer} (token in {BearerTokenPath})";
}
