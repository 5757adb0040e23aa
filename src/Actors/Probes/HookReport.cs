using EbpfActors.Probes;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Actors.Probes;

/// <summary>
/// What the log says when a plugin is attached: one line with all hooks that are, and one for each that is not on its best rung, with
/// the reason and what is lost.
/// </summary>
internal static class HookReport
{
    public static IEnumerable<Line> Of(string plugin, IReadOnlyList<HookStatus> hooks) =>
    [
        new(false, $"Plugin {plugin} attached: {string.Join(", ", hooks.Where(h => h.Rung.Length > 0).Select(Attached))}"),
        .. hooks.Where(h => h.Refused.Count > 0 || h.Problem.Length > 0 || h.WaitsFor.Length > 0)
            .Select(h => new Line(IsWarning(h), $"Plugin {plugin}: {Told(h)}".ReplaceLineEndings(" "))),
    ];

    private static string Told(HookStatus hook)
    {
        var attached = hook.Rung.Length > 0 ? Attached(hook) : hook.WaitsFor.Length > 0 ? $"{hook.Hook} waits for {hook.WaitsFor}" : $"no {hook.Hook}";
        var refused = Refused(hook.Refused);
        var not = refused.Length == 0 ? "" : hook.Rung.Length > 0 ? $", not {refused}" : $", {refused}";
        return $"{attached}{not}" + (hook.Problem.Length > 0 ? $": {hook.Problem}" : "");
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
