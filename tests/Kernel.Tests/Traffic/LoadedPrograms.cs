using System.Text.Json;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>The BPF programs that the kernel holds, by their numbers.</summary>
internal static class LoadedPrograms
{
    /// <summary>Whoever loaded them.</summary>
    public static HashSet<int> All()
    {
        using var list = JsonDocument.Parse(Shell.Run("bpftool", "-j prog list"));
        return [.. list.RootElement.EnumerateArray().Select(p => p.GetProperty("id").GetInt32())];
    }

    /// <summary>Waits for the end of these; the kernel frees programs after a grace period.</summary>
    public static void AreGone(IReadOnlySet<int> programs) => Eventually.Holds(
        () => !All().Overlaps(programs), () => $"left of {string.Join(',', programs)}: {string.Join(',', All().Intersect(programs))}");

    /// <summary>Those that a process holds, by themselves or by what attaches them.</summary>
    public static IReadOnlySet<int> OfProcess(int process) => Told(process, "prog_id:").ToHashSet();

    /// <summary>How many instructions the kernel's verifier went through for each program that a process holds.</summary>
    public static IReadOnlyList<int> VerifiedInstructions(int process) => [.. Told(process, "verified_insns:")];

    /// <summary>What the kernel tells of a process' open files.</summary>
    private static IEnumerable<int> Told(int process, string field) => Directory.GetFiles($"/proc/{process}/fdinfo").SelectMany(TryReadLines)
        .Where(l => l.StartsWith(field, StringComparison.Ordinal)).Select(l => int.Parse(l.AsSpan(field.Length)));

    private static string[] TryReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (FileNotFoundException)
        {
            return []; // closed meanwhile
        }
    }
}
