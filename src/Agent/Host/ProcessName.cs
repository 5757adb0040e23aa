namespace EbpfActors.Agent.Host;

/// <summary>Tells from /proc whether a process is a collector, this one or the reference's.</summary>
internal static class ProcessName
{
    private static readonly string[] Ours = ["datakit-ebpf", "ebpf-actors"];

    public static bool IsCollector(int pid) => Ours.Contains(Command(pid)) || Ours.Contains(Executable(pid));

    private static string? Command(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Executable(int pid)
    {
        try
        {
            // After an upgrade the kernel shows the old file as "name (deleted)".
            return Path.GetFileName(File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)?.FullName.Replace(" (deleted)", "", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
