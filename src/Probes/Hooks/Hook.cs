using System.Collections.Immutable;

namespace EbpfActors.Probes.Hooks;

/// <summary>
/// One thing that a plugin needs from the kernel, with the ways to get it, best first. At the start they are tried in that order
/// until one is attached; the plugin goes on without the hook when none is.
/// </summary>
/// <param name="Name">As in <c>status</c>, in the log and in the setting <c>without_hooks</c>; unique.</param>
/// <param name="Purpose">What it is for, in a few words.</param>
/// <param name="Without">What is lost when no rung is left: a clause that follows the name in a message.</param>
/// <param name="Rungs">At least one, best first.</param>
public sealed record Hook(string Name, string Purpose, string Without, ImmutableArray<Rung> Rungs)
{
    /// <summary>The rung with this name. Throws when there is none.</summary>
    public Rung this[string rung] => Rungs.First(r => r.Name == rung);
}

/// <summary>One way to provide a hook.</summary>
/// <param name="Name">Unique in its hook; <c>HOOK:RUNG</c> names it in the setting <c>without_hooks</c>.</param>
/// <param name="Kernel">The kernel's interface, as <c>status</c> shows it.</param>
/// <param name="Cost">What it lacks that the rungs before it have; empty for the first.</param>
public sealed record Rung(string Name, string Kernel, string Cost = "");
