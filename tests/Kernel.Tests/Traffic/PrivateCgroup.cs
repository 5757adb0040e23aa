using System.Globalization;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>
/// A cgroup2 of this run's own, with this process in it from the start, as a fixture of the assembly: what a probe attaches there sees the
/// sockets of this process and of its children, and counts nothing that anybody else on the host does. Gone at the end.
/// </summary>
public sealed class PrivateCgroup : IDisposable
{
    private readonly string? _before;

    public PrivateCgroup()
    {
        if (Root is not null)
        {
            var own = File.ReadLines("/proc/self/cgroup").Single(l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
            _before = System.IO.Path.Join(Root, own);
            Path = System.IO.Path.Combine(Root, OwnedName.Next());
            Directory.CreateDirectory(Path);
            Move(Environment.ProcessId, Path);
        }
    }

    /// <summary>For the probes of the tests; null where this machine has not mounted cgroup2: they mount their own, and see the whole host.</summary>
    internal static string? Path { get; private set; }

    /// <summary>What to put before a command line so that its program takes this cgroup for the root, in a mount namespace of its own.</summary>
    internal static string[] AsRoot() => Path is null ? [] : ["unshare", "--mount", "sh", "-c", $"mount --bind {Path} {Root} && exec \"$@\"", "sh"];

    /// <summary>Where this machine has cgroup2.</summary>
    private static string? Root { get; } = File.ReadLines("/proc/mounts")
        .Select(line => line.Split(' '))
        .FirstOrDefault(fields => fields[2] == "cgroup2")?[1];

    public void Dispose()
    {
        if (Path is { } path)
        {
            Path = null;
            Eventually.Succeeds<IOException>(() => Remove(path), what: $"{path} is removed"); // a process that ended is not gone at once
        }
    }

    private void Remove(string path)
    {
        foreach (var process in File.ReadAllLines(System.IO.Path.Combine(path, "cgroup.procs")))
        {
            Move(int.Parse(process, CultureInfo.InvariantCulture), _before!);
        }

        Directory.Delete(path);
    }

    private static void Move(int process, string cgroup)
    {
        try
        {
            File.WriteAllText(System.IO.Path.Join(cgroup, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException) when (process != Environment.ProcessId)
        {
            // It ended meanwhile.
        }
    }
}
