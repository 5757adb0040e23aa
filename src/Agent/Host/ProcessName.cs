namespace EbpfActors.Agent.Host;

/// <summary>Tells from /proc whether a process is a collector, this one or the reference's.</summary>
internal static class ProcessName
{
    private static readonly string[] Ours = ["datakit-ebpf", "ebpf-actors"];

    public static bool IsCollector(int pid) =>
        IsAlive(Read(pid, "stat")) && (Ours.Contains(Read(pid, "comm").TrimEnd('\n')) || Ours.Contains(Executable(pid)));

    /// <summary>This process's number as the given /proc counts, which in a container may be the host's; 0 when it is not in there.</summary>
    public static uint OwnPid(string procRoot) => uint.TryParse(new FileInfo($"{procRoot}/self").LinkTarget, out var pid) ? pid : 0;

    /// <summary>
    /// DataKit never reaps a collector that died, so the dead one keeps its pid and its name, as a zombie. The state
    /// follows the name in brackets, and the name may hold brackets itself.
    /// </summary>
    internal static bool IsAlive(string stat)
    {
        var state = stat.LastIndexOf(')') + 2;
        return state < stat.Length && stat[state] is not ('Z' or 'X');
    }

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? Executable(int pid)
    {
        try
        {
            // After an upgrade the kernel shows the old file as "name (deleted)".
            var target = File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)?.FullName;
            return Path.GetFileName(target?.Replace(" (deleted)", "", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
