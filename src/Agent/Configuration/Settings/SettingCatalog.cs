using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>Every name that any layer may use.</summary>
internal static class SettingCatalog
{
    public static readonly ImmutableArray<Setting> All = [.. AgentSettings.All, .. UnusedSettings.OfOtherFeatures];

    /// <summary>The keys of <c>[[inputs.ebpf]]</c>.</summary>
    public static readonly ImmutableDictionary<string, Setting> InputKeys =
        All.Where(s => s.InInputFile).Concat(UnusedSettings.ForSupervisor).ToImmutableDictionary(s => s.Key);

    /// <summary>The paths of the collector's own file.</summary>
    public static readonly ImmutableDictionary<string, Setting> CollectorPaths =
        All.SelectMany(s => s.CollectorPaths, (s, path) => (path, s)).ToImmutableDictionary(p => p.path, p => p.s);
}
