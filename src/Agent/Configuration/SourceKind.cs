namespace EbpfActors.Agent.Configuration;

/// <summary>The layers of the configuration, the strongest first.</summary>
public enum SourceKind
{
    Flag,
    Environment,

    /// <summary>The list <c>envs</c> of the file.</summary>
    FileEnvironment,
    File,

    /// <summary>The list <c>args</c> of the file: DataKit appends the flags made from keys to it, so the keys win.</summary>
    FileArguments,
    Default,
}
