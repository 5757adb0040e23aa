namespace EbpfActors.Agent.Configuration;

/// <summary>Where DataKit listens. 0.0.0.0 has become 127.0.0.1, and the scheme is there.</summary>
public sealed record DataKitOptions(Uri ApiServer);
