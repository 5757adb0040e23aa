using System.Globalization;

namespace EbpfActors.Agent.Host;

/// <summary>
/// How much memory this process's control group allows, the kernel's for its maps included: the least of its own limit and those above
/// it, of cgroup2 (<c>memory.max</c>) or the older hierarchy of the memory controller.
/// </summary>
internal static class MemoryLimit
{
    /// <summary>What is as good as no limit in the older hierarchy.</summary>
    private const long Unlimited = 1L << 50;

    /// <summary>Bytes; <see cref="long.MaxValue"/> when there is no limit, or none that can be read.</summary>
    public static long OfThisProcess() => Of("/proc/self/cgroup", "/proc/self/mountinfo");

    internal static long Of(string groups, string mounts)
    {
        try
        {
            var mounted = File.ReadAllLines(mounts);
            return File.ReadAllLines(groups).Select(line => OfGroup(line.Split(':', 3), mounted)).DefaultIfEmpty(long.MaxValue).Min();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return long.MaxValue;
        }
    }

    /// <param name="group">Number, controllers, path.</param>
    /// <param name="mounts">Lines of mountinfo.</param>
    private static long OfGroup(string[] group, string[] mounts) => group switch
    {
        [_, "", var path] => Least(mounts, "cgroup2", "", path, "memory.max"),
        [_, var controllers, var path] when controllers.Split(',').Contains("memory") => Least(mounts, "cgroup", "memory", path, "memory.limit_in_bytes"),
        _ => long.MaxValue,
    };

    private static long Least(string[] mounts, string type, string controller, string path, string file)
    {
        var least = long.MaxValue;
        var (root, folder) = Mount(mounts, type, controller);
        if (folder.Length == 0)
        {
            return least;
        }

        // In a container the mount may begin at the group itself.
        var inside = root != "/" && path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
        for (var rest = inside.TrimEnd('/'); ; rest = rest[..rest.LastIndexOf('/')])
        {
            least = Math.Min(least, Read($"{folder}{rest}/{file}"));
            if (rest.LastIndexOf('/') < 0)
            {
                return least;
            }
        }
    }

    /// <summary>The group at which the hierarchy is mounted, and where; empty when it is not.</summary>
    private static (string Root, string Folder) Mount(string[] mounts, string type, string controller) => mounts
        .Select(line => line.Split(" - ", 2))
        .Where(parts => parts.Length == 2 && parts[1].Split(' ') is [var kind, _, var options, ..] && kind == type
            && (controller.Length == 0 || options.Split(',').Contains(controller)))
        .Select(parts => parts[0].Split(' '))
        .Where(fields => fields.Length > 4)
        .Select(fields => (fields[3], fields[4]))
        .FirstOrDefault(("", ""));

    private static long Read(string file) =>
        File.Exists(file) && long.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes < Unlimited
            ? bytes
            : long.MaxValue;
}
