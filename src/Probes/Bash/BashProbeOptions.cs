using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Bash;

/// <summary>What the bash probe needs to know before it loads.</summary>
public sealed record BashProbeOptions
{
    /// <summary>The host's /proc.</summary>
    public string ProcRoot { get; init; } = "/proc";

    /// <summary>How often all processes are looked at, for what no exec has told and for files that nobody uses any more.</summary>
    public TimeSpan ScanEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Hooks and rungs that are not to be used.</summary>
    public WithoutHooks Without { get; init; } = WithoutHooks.None;
}
