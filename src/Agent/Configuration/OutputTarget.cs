namespace EbpfActors.Agent.Configuration;

/// <summary>One place where points go. <paramref name="Path"/> is empty except for files.</summary>
public sealed record OutputTarget(OutputKind Kind, string Path = "");
