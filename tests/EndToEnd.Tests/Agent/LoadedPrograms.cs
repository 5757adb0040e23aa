using System.Text.Json;
using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.EndToEnd.Tests.Agent;

/// <summary>The programs that the kernel holds, whoever loaded them.</summary>
internal static class LoadedPrograms
{
    /// <summary>Waits for the end of these; the kernel frees programs after a grace period.</summary>
    public static Task AreGoneAsync(IReadOnlySet<int> programs) => Eventually.HoldsAsync(
        () => !All().Overlaps(programs), () => $"left of {string.Join(',', programs)}: {string.Join(',', All().Intersect(programs))}");

    public static HashSet<int> All()
    {
        using var list = JsonDocument.Parse(Shell.Run("bpftool", "-j prog list"));
        return [.. list.RootElement.EnumerateArray().Select(p => p.GetProperty("id").GetInt32())];
    }
}
