using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>Names of hooks, and <c>HOOK:RUNG</c> for one of their rungs.</summary>
internal static class HookNames
{
    private const char Separator = ':';

    public static Parsed<IReadOnlyList<string>> Parse(ImmutableArray<string> values)
    {
        var names = values.Select(v => v.Trim()).Where(v => v.Length > 0).Distinct().ToList();
        return new(names, [.. names.Where(n => !WithoutHooks.IsKnown(n)).Select(Unknown)]);
    }

    private static string Unknown(string name)
    {
        var hook = HookCatalogue.All.FirstOrDefault(h => h.Name == name.Split(Separator)[0]);
        return hook is null
            ? $"\"{name}\" is not a hook; {Suggestion.For(name, [.. HookCatalogue.All.SelectMany(Names)], [.. HookCatalogue.All.Select(h => h.Name)])}"
            : $"\"{name}\" is not a rung of {hook.Name}; {Suggestion.For(name, [.. hook.Rungs.Select(r => WithoutHooks.Qualified(hook, r))])}";
    }

    private static IEnumerable<string> Names(Hook hook) => hook.Rungs.Select(r => WithoutHooks.Qualified(hook, r)).Prepend(hook.Name);
}
