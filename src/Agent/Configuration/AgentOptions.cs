namespace EbpfActors.Agent.Configuration;

/// <summary>Everything that can be configured, valid as a whole, one record per concern.</summary>
public sealed record AgentOptions
{
    public required DataKitOptions DataKit { get; init; }

    public required OutputOptions Output { get; init; }

    public required PluginOptions Plugins { get; init; }

    public required NetOptions Net { get; init; }

    public required BashOptions Bash { get; init; }

    /// <summary>Paths of files that httpflow-tls does not probe; <c>*</c> stands for anything.</summary>
    public required IReadOnlyList<string> TlsExclude { get; init; }

    /// <summary>Hooks of the kernel, and <c>HOOK:RUNG</c>, that are not used; names that exist.</summary>
    public required IReadOnlyList<string> WithoutHooks { get; init; }

    public required DnsOptions Dns { get; init; }

    public required HostOptions Host { get; init; }

    public required LogOptions Log { get; init; }

    public required KubernetesOptions Kubernetes { get; init; }

    public required ProcessOptions Process { get; init; }

    /// <summary>What was given, is understood, and has no effect in this version: flags, keys and plugins by name.</summary>
    public required IReadOnlyList<string> Ignored { get; init; }

    /// <summary>Valid but probably not meant that way; belongs in the log.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
