using System.Collections.Concurrent;
using System.Diagnostics;

namespace EbpfActors.TestSupport;

/// <summary>
/// Removes what runs of tests left behind: processes, mounts, folders, network namespaces and cgroups. Touches only what carries the
/// number of a run that the caller names, so runs beside this one lose nothing.
/// </summary>
public static class Leftovers
{
    private const string Namespaces = "/run/netns";
    private static readonly ConcurrentDictionary<string, bool> Parents = new();

    /// <summary>Everything of such runs; the processes first, since they hold the rest.</summary>
    public static void Sweep(Predicate<int> ofRun)
    {
        OwnedProcesses.Kill(ofRun);
        foreach (var parent in Parents.Keys.Append(Path.GetTempPath()).Distinct())
        {
            SweepFolders(parent, ofRun);
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        foreach (var name in Names(Namespaces, ofRun))
        {
            Run("ip", "netns", "del", name);
        }

        SweepFolders("/etc/netns", ofRun);
        foreach (var mount in Mounts().Where(m => m.Type == "cgroup2"))
        {
            SweepCgroups(mount.Path, ofRun);
        }
    }

    /// <summary>Folders are made here, too, besides the system's place for temporary files: runs that are gone may have left some.</summary>
    internal static void Watch(string parent)
    {
        if (Parents.TryAdd(parent, true))
        {
            SweepFolders(parent, OwnedName.IsGone);
        }
    }

    private static void SweepFolders(string parent, Predicate<int> ofRun)
    {
        foreach (var name in Names(parent, ofRun))
        {
            Remove(Path.Combine(parent, name));
        }
    }

    /// <summary>A cgroup without processes is a directory that rmdir removes, children first.</summary>
    private static void SweepCgroups(string root, Predicate<int> ofRun)
    {
        foreach (var cgroup in Names(root, ofRun).Select(n => Path.Combine(root, n)))
        {
            foreach (var child in Try(() => Directory.GetDirectories(cgroup, "*", SearchOption.AllDirectories), []).OrderByDescending(c => c.Length))
            {
                Try(() => Directory.Delete(child));
            }

            Try(() => Directory.Delete(cgroup));
        }
    }

    /// <summary>Nothing is deleted through a mount: what is still mounted below stays, and the folder with it.</summary>
    private static void Remove(string folder)
    {
        foreach (var mount in Below(folder))
        {
            Run("umount", "--lazy", mount);
        }

        if (Below(folder).Count == 0)
        {
            Try(() => Directory.Delete(folder, recursive: true));
        }
    }

    private static List<string> Below(string folder) =>
        [.. Mounts().Select(m => m.Path).Where(p => p == folder || p.StartsWith(folder + "/", StringComparison.Ordinal)).OrderByDescending(p => p.Length)];

    private static IEnumerable<(string Path, string Type)> Mounts() =>
        Try(() => File.ReadAllLines("/proc/self/mounts"), []).Select(line => line.Split(' ')).Where(f => f.Length > 2).Select(f => (f[1], f[2]));

    private static IEnumerable<string> Names(string folder, Predicate<int> ofRun) =>
        Try(() => Directory.GetFileSystemEntries(folder), []).Select(p => Path.GetFileName(p)).Where(n => OwnedName.OwnerOf(n) is { } owner && ofRun(owner));

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
    }

    // Another run may sweep at the same moment, and what cannot be removed now is left to the next run.
    private static void Try(Action action) => Try(
        () =>
        {
            action();
            return true;
        },
        false);

    private static T Try<T>(Func<T> action, T otherwise)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }
}
