using System.Globalization;
using System.Text;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Processes;

/// <summary>Which process has a socket open, by a walk over /proc. Only as good as the moment of the walk. Not thread-safe.</summary>
internal sealed class SocketOwners(string procRoot)
{
    /// <summary>TASK_COMM_LEN without the NUL.</summary>
    private const int NameBytes = 15;

    private const string Prefix = "socket:[";

    private readonly Dictionary<uint, SocketOwner> _byInode = [];

    /// <summary>Looks at the open files of every process; of several that have one socket the first counts, as a rule the oldest.</summary>
    public void Walk()
    {
        _byInode.Clear();
        foreach (var process in Directory.EnumerateDirectories(procRoot))
        {
            if (uint.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                WalkFiles(process, pid);
            }
        }
    }

    /// <summary>The default value when no process was seen with it.</summary>
    public SocketOwner Find(uint inode) => _byInode.GetValueOrDefault(inode);

    // A process may end, or hide its files, at any time.
    private void WalkFiles(string process, uint pid)
    {
        try
        {
            byte[]? name = null;
            foreach (var file in Directory.EnumerateFileSystemEntries($"{process}/fd"))
            {
                if (LibC.ReadLink(file) is { } link && link.StartsWith(Prefix, StringComparison.Ordinal)
                    && uint.TryParse(link.AsSpan(Prefix.Length, link.Length - Prefix.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
                {
                    name ??= Name(process);
                    _byInode.TryAdd(inode, new SocketOwner(pid, name));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone: its sockets have another owner, or none.
        }
    }

    private static byte[] Name(string process)
    {
        var text = File.ReadAllText($"{process}/comm").TrimEnd('\n');
        return Encoding.UTF8.GetBytes(text) is var bytes && bytes.Length > NameBytes ? bytes[..NameBytes] : bytes;
    }
}

/// <summary>A process that has a socket open; pid 0 when none is known.</summary>
/// <param name="Pid">In the initial pid namespace.</param>
/// <param name="Name">As the kernel keeps it, up to 15 bytes; null when unknown.</param>
internal readonly record struct SocketOwner(uint Pid, byte[]? Name);
