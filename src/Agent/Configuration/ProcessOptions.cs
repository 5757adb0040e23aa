namespace EbpfActors.Agent.Configuration;

/// <summary>The agent as a process on its machine.</summary>
public sealed record ProcessOptions(string PidFile, string StatusSocket);
