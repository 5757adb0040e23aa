using EbpfActors.Probes;

namespace EbpfActors.Agent.Status;

/// <summary>One plugin: its state in a word, what is wrong (empty when nothing is), and its hooks.</summary>
public sealed record PluginStatus(string Name, string State, string Problem, int Restarts, IReadOnlyList<HookStatus> Hooks)
{
    /// <summary>When a plugin that has ended is started again; null while it runs.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}
