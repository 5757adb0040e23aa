using System.Globalization;
using EbpfActors.Probes.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Processes;

/// <summary>Finds the network namespaces of the host: those of its processes, and those that were given a name.</summary>
internal sealed class NetworkNamespaces(string procRoot, string hostRoot)
{
    private const int NewNet = 0x40000000;

    /// <summary>Where ip and docker bind namespaces, which may have no process.</summary>
    private static readonly string[] NamedIn = ["run/netns", "run/docker/netns", "var/run/netns", "var/run/docker/netns"];

    /// <summary>Inode of each, with a path by which it can be entered now.</summary>
    public Dictionary<uint, string> All()
    {
        var found = new Dictionary<uint, string>();
        foreach (var process in Directory.EnumerateDirectories(procRoot))
        {
            if (char.IsAsciiDigit(Path.GetFileName(process.AsSpan())[0]) && Inode($"{process}/ns/net") is { } inode)
            {
                found.TryAdd(inode, $"{process}/ns/net");
            }
        }

        foreach (var name in NamedIn.Select(folder => Path.Combine(hostRoot, folder)).Where(Directory.Exists).SelectMany(Directory.EnumerateFiles))
        {
            if (InodeOfBound(name) is { } inode)
            {
                found.TryAdd(inode, name);
            }
        }

        return found;
    }

    /// <summary>Runs in the namespace, on this thread, which comes back. False when the namespace has gone.</summary>
    public static bool RunIn(string path, Action inside)
    {
        using var home = Open("/proc/thread-self/ns/net");
        using var space = Open(path);
        if (home is null || space is null || LibC.setns(space, NewNet) != 0)
        {
            return false;
        }

        try
        {
            inside();
        }
        finally
        {
            LibC.setns(home, NewNet);
        }

        return true;
    }

    private static SafeFileHandle? Open(string path) => LibC.open(path, 0x80000) is var fd and >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;

    private static uint? Inode(string link) =>
        LibC.ReadLink(link) is { } name && name.StartsWith("net:[", StringComparison.Ordinal)
            ? uint.Parse(name.AsSpan(5, name.Length - 6), CultureInfo.InvariantCulture)
            : null;

    // A bound namespace is no link: the file itself has the number.
    private static uint? InodeOfBound(string path)
    {
        using var space = Open(path);
        return space is not null && LibC.StatX(space, out var file) == 0 && file.Inode <= uint.MaxValue ? (uint)file.Inode : null;
    }
}
