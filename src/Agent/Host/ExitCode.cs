namespace EbpfActors.Agent.Host;

/// <summary>What the process says when it ends.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>It could not do what was asked: no agent to ask, a second instance, an unexpected failure.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int BadConfiguration = 2;

    /// <summary>This machine lacks something the agent needs.</summary>
    public const int MissingPrerequisite = 3;
}
