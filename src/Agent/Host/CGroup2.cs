using System.Text;

namespace EbpfActors.Agent.Host;

/// <summary>Finds where the cgroup2 hierarchy is mounted.</summary>
public static class CGroup2
{
    /// <summary>The first cgroup2 mount of this process's mount namespace; null when there is none.</summary>
    public static string? MountPoint(string mounts = "/proc/self/mounts") => File.Exists(mounts) ? Find(File.ReadLines(mounts)) : null;

    internal static string? Find(IEnumerable<string> lines) => lines
        .Select(line => line.Split(' '))
        .Where(fields => fields.Length >= 3 && fields[2] == "cgroup2")
        .Select(fields => Unescape(fields[1]))
        .FirstOrDefault();

    /// <summary>The kernel writes blank, tab, newline and backslash as a backslash and three octal digits, per byte of UTF-8.</summary>
    private static string Unescape(string path)
    {
        var bytes = new List<byte>(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '\\' && i + 3 < path.Length && path.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                bytes.Add((byte)(((path[i + 1] - '0') << 6) | ((path[i + 2] - '0') << 3) | (path[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(path[i].ToString()));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
