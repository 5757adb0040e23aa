using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
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

    /// <summary>
    /// Runs in the namespace and waits for that. On a thread of its own, which ends there: one that could not come back to its own namespace
    /// would do everything else in the wrong one. What is thrown is thrown here. False when the namespace has gone.
    /// </summary>
    /// <exception cref="BpfException">This process may not enter it.</exception>
    public static bool RunIn(string path, Action inside)
    {
        using var space = Open(path);
        if (space is null)
        {
            return false;
        }

        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(space, path);
                inside();
            }
#pragma warning disable CA1031 // It is thrown again, where it is waited for.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = "namespace" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return true;
    }

    private static void Enter(SafeFileHandle space, string path)
    {
        if (LibC.setns(space, NewNet) != 0)
        {
            throw new BpfException($"enter the network namespace {path}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Null when there is none, or when it is something else: that is not opened.</summary>
    private static SafeFileHandle? Open(string path)
    {
        using var pinned = OpenedFile.Pin(path, out _);
        return pinned is not null && LibC.FileSystemKind(pinned) == LibC.NamespaceFileSystem
            && LibC.open($"/proc/self/fd/{pinned.DangerousGetHandle()}", LibC.OpenToLookAt) is var fd and >= 0
            ? new SafeFileHandle(fd, ownsHandle: true)
            : null;
    }

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
