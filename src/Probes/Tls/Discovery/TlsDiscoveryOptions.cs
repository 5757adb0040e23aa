using System.IO.Enumeration;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Inspections;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Where to look for TLS, how often, and how much of it to remember.</summary>
public sealed record TlsDiscoveryOptions
{
    /// <summary>The host's /proc.</summary>
    public string ProcRoot { get; init; } = "/proc";

    /// <summary>Files that are left alone, by the path under which a process mapped them; <c>*</c> stands for anything, <c>?</c> for one character.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Rungs of <c>tls-discovery</c> that are not to be used.</summary>
    public WithoutHooks Without { get; init; } = WithoutHooks.None;

    /// <summary>
    /// Time between two scans of all processes. New mappings do not wait for it where the kernel tells them; that a file is no longer
    /// mapped is found by two scans.
    /// </summary>
    public TimeSpan RescanInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The same where the kernel does not tell new mappings.</summary>
    public TimeSpan RescanIntervalAlone { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Files with TLS that are kept open for capture.</summary>
    public int MaxTargets { get; init; } = 1024;

    /// <summary>Files of all kinds that are remembered, so as not to be looked into again.</summary>
    public int MaxFiles { get; init; } = 16384;

    /// <summary>Programs that wait to be searched for traces of TLS.</summary>
    public int MaxUnsearched { get; init; } = 256;

    /// <summary>Contents of one file of an overlay, one after the other.</summary>
    public int MaxCopies { get; init; } = 16;

    /// <summary>What looking into files may cost.</summary>
    internal InspectionLimits Limits { get; init; } = InspectionLimits.Tls;

    internal bool Excludes(string path)
    {
        foreach (var pattern in Exclude)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, path, ignoreCase: false))
            {
                return true;
            }
        }

        return false;
    }
}
