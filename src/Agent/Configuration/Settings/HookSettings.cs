using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Values;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>Which hooks of the kernel are used.</summary>
internal static class HookSettings
{
    public static readonly Setting<IReadOnlyList<string>> Without = new("without_hooks", TomlShape.List, HookNames.Parse)
    {
        Flags = ["--without-hook"],
        ValueName = "HOOK",
        Help = "Hooks that are not used, or HOOK:RUNG for one way to provide one; 'ebpf-actors hooks' lists them. Repeatable.",
        Example = $"[\"{NetHooks.UdpRefused.Name}\"]",
    };

    public static readonly ImmutableArray<Setting> All = [Without];
}
