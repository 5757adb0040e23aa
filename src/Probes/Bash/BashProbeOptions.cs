using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Inspections;

namespace EbpfActors.Probes.Bash;

/// <summary>What the bash probe needs to know before it loads.</summary>
public sealed record BashProbeOptions
{
    /// <summary>The host's /proc.</summary>
    public string ProcRoot { get; init; } = "/proc";

    /// <summary>How often all processes are looked at, for what no exec has told and for files that nobody uses any more.</summary>
    public TimeSpan ScanEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Files that have probes at once, of shells and of the libraries they load; as many as the kernel side has places for.</summary>
    internal int MaxFiles { get; init; } = 1024;

    /// <summary>What a first look into a program may cost, which must be over before a new shell has read its first line.</summary>
    internal InspectionLimits Quick { get; init; } = InspectionLimits.Quick;

    /// <summary>What looking into programs may cost for which that was not enough.</summary>
    internal InspectionLimits Limits { get; init; } = InspectionLimits.Bash;

    /// <summary>Hooks and rungs that are not to be used.</summary>
    public WithoutHooks Without { get; init; } = WithoutHooks.None;
}
