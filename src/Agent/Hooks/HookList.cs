using System.Text.Json;
using System.Text.Json.Serialization;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Hooks;

/// <summary>The catalogue of hooks as people and programs read it: what <c>ebpf-actors hooks</c> shows.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<HookEntry>))]
internal sealed partial class HookList : JsonSerializerContext
{
    /// <summary>A paragraph for each hook, in lines that are not broken.</summary>
    public static void Write(IEnumerable<Hook> hooks, TextWriter output)
    {
        foreach (var hook in hooks)
        {
            var width = hook.Rungs.Max(r => r.Name.Length);
            output.WriteLine($"{hook.Name}: {hook.Purpose}");
            foreach (var rung in hook.Rungs)
            {
                output.WriteLine($"    {rung.Name.PadRight(width)}  {rung.Kernel}" + (rung.Cost.Length > 0 ? $" ({rung.Cost})" : ""));
            }

            output.WriteLine($"  without it: {hook.Without}");
            output.WriteLine();
        }

        output.WriteLine("The rungs of a hook are tried in this order; 'ebpf-actors status' shows which ones a running agent uses, and why no better ones.");
        output.WriteLine("without_hooks = [\"HOOK\", \"HOOK:RUNG\"] in the configuration file, or --without-hook, leaves hooks or rungs out.");
    }

    public static string Json(IEnumerable<Hook> hooks) => JsonSerializer.Serialize(
        [.. hooks.Select(h => new HookEntry(h.Name, h.Purpose, h.Without, [.. h.Rungs.Select(r => new HookEntry.Way(r.Name, r.Kernel, r.Cost))]))],
        Default.IReadOnlyListHookEntry);
}
