namespace EbpfActors.Agent.Configuration;

/// <summary>A setting as it takes effect, with the layer that decided it. Secrets are masked.</summary>
public sealed record EffectiveValue(string Key, string Value, Source Source);
