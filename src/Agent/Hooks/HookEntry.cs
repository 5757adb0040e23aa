namespace EbpfActors.Agent.Hooks;

/// <summary>One hook in the JSON of <c>ebpf-actors hooks --json</c>.</summary>
/// <param name="Name">As in <c>without_hooks</c>.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Without">What is lost when no rung is left.</param>
/// <param name="Rungs">Best first.</param>
internal sealed record HookEntry(string Name, string Purpose, string Without, IReadOnlyList<HookEntry.Way> Rungs)
{
    /// <param name="Name">As in <c>without_hooks</c>, behind the hook's name and a colon.</param>
    /// <param name="Kernel">The kernel's interface.</param>
    /// <param name="Cost">What it lacks that the rungs before it have; empty when nothing.</param>
    internal sealed record Way(string Name, string Kernel, string Cost);
}
