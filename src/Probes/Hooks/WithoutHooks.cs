using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>
/// Hooks and rungs that are not to be used although the kernel may allow them: the setting <c>without_hooks</c>. An entry is the
/// name of a hook, or <c>HOOK:RUNG</c> for one of its rungs.
/// </summary>
public sealed class WithoutHooks
{
    /// <summary>What a refused rung's reason says in status and log.</summary>
    public const string Reason = "left out by without_hooks";

    public static readonly WithoutHooks None = new([]);

    private readonly ImmutableHashSet<string> _names;

    /// <summary>Takes names as they are; <see cref="IsKnown"/> tells which of them exist.</summary>
    public WithoutHooks(IEnumerable<string> names) => _names = [.. names];

    /// <summary>Whether a name is that of a hook or of a rung of one.</summary>
    public static bool IsKnown(string name) => HookCatalogue.All.Any(h => h.Name == name || h.Rungs.Any(r => Qualified(h, r) == name));

    public static string Qualified(Hook hook, Rung rung) => $"{hook.Name}:{rung.Name}";

    public bool Refuse(Hook hook, Rung rung) => _names.Contains(hook.Name) || _names.Contains(Qualified(hook, rung));
}
