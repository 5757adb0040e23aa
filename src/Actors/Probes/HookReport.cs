using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Actors.Probes;

/// <summary>
/// What the log says when a plugin is attached: one line with all hooks that are, one with those that wait, and one for each that is not
/// on its best rung, with the reason and what is lost.
/// </summary>
internal static class HookReport
{
    public static IEnumerable<Line> Of(string plugin, IReadOnlyList<HookStatus> hooks)
    {
        var attached = hooks.Where(h => h.Rung.Length > 0).ToList();
        if (attached.Count > 0)
        {
            yield return new(false, $"Plugin {plugin} attached: {string.Join(", ", attached.Select(Attached))}");
        }

        foreach (var waiting in hooks.Where(h => h.WaitsFor.Length > 0).GroupBy(h => h.WaitsFor))
        {
            yield return new(false, $"Plugin {plugin} waits with {string.Join(", ", waiting.Select(h => h.Hook))} for {waiting.Key}");
        }

        foreach (var hook in hooks.Where(h => h.WaitsFor.Length == 0 && (h.Refused.Count > 0 || h.Problem.Length > 0)))
        {
            yield return new(IsWarning(hook), $"Plugin {plugin}: {Told(hook)}".ReplaceLineEndings(" "));
        }
    }

    private static string Told(HookStatus hook)
    {
        var refused = Refused(hook.Refused);
        var told = hook.Rung.Length > 0 ? Attached(hook) : $"no {hook.Hook}";
        var not = refused.Length == 0 ? "" : hook.Rung.Length > 0 ? $", not {refused}" : $", {refused}";
        return $"{told}{not}" + (hook.Problem.Length > 0 ? $": {hook.Problem}" : "");
    }

    private static string Attached(HookStatus hook) => $"{hook.Hook} by {hook.Rung}";

    /// <summary>Rungs that were refused for the same reason share it.</summary>
    private static string Refused(IReadOnlyList<HookRefusal> refused) =>
        string.Join(", ", refused.GroupBy(r => r.Reason).Select(r => $"{string.Join(", ", r.Select(n => n.Rung))} ({r.Key})"));

    /// <summary>Something is lost, and not because somebody wanted it so.</summary>
    private static bool IsWarning(HookStatus hook) =>
        hook.Problem.Length > 0 && (hook.Refused.Count == 0 || hook.Refused.Any(r => r.Reason != WithoutHooks.Reason));

    /// <summary>One line of the log.</summary>
    internal readonly record struct Line(bool IsWarning, string Text);
}
