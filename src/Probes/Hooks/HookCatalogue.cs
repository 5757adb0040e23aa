using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>Every hook of every plugin. What the README's table says of them is held against this by a test.</summary>
public static class HookCatalogue
{
    /// <summary>In the order of the README's table.</summary>
    public static ImmutableArray<Hook> All { get; } = [.. NetHooks.All, .. TlsHooks.All, .. BashHooks.All, .. ConntrackHooks.All];
}
