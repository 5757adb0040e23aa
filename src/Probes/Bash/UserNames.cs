using System.Globalization;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Who a user is, by the passwd file that the process itself sees and in the numbers of its own user namespace. Bounded; not
/// thread-safe.
/// </summary>
internal sealed class UserNames(string procRoot)
{
    private const int MostRoots = 256;
    private const int MostBytes = 1 << 20;

    private readonly Dictionary<(uint MountNs, string Root), Passwd> _passwds = [];

    /// <summary>The login name, or the number. A process that has gone is asked for as the last one of its mount namespace.</summary>
    /// <param name="pid">In the namespace of /proc.</param>
    /// <param name="uid">In the initial user namespace.</param>
    /// <param name="mountNs">Inode of the process's mount namespace.</param>
    public string Name(uint pid, uint uid, uint mountNs)
    {
        if (ProcessFiles.ReadLink($"{procRoot}/{pid}/root") is not { } root)
        {
            return _passwds.FirstOrDefault(p => p.Key.MountNs == mountNs).Value?.Name(uid) ?? Number(uid);
        }

        if (!_passwds.TryGetValue((mountNs, root), out var known) || !known.IsCurrent(pid))
        {
            if (_passwds.Count >= MostRoots)
            {
                _passwds.Clear();
            }

            known = Passwd.Read(procRoot, pid);
            _passwds[(mountNs, root)] = known;
        }

        return known.Name(Translate(ProcessFiles.ReadLines($"{procRoot}/{pid}/uid_map"), uid));
    }

    /// <summary>The lines of /proc/PID/uid_map are: first number inside, first number outside, how many.</summary>
    internal static uint Translate(IEnumerable<string> map, uint uid)
    {
        foreach (var line in map)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 3
                && uint.TryParse(fields[0], CultureInfo.InvariantCulture, out var inside)
                && uint.TryParse(fields[1], CultureInfo.InvariantCulture, out var outside)
                && uint.TryParse(fields[2], CultureInfo.InvariantCulture, out var count)
                && uid >= outside && uid - outside < count)
            {
                return inside + (uid - outside);
            }
        }

        return uid;
    }

    internal static string Number(uint uid) => uid.ToString(CultureInfo.InvariantCulture);

    /// <summary>One passwd file as it was when it was read.</summary>
    private sealed class Passwd(string procRoot, DateTime written, long length, Dictionary<uint, string> names)
    {
        public static Passwd Read(string procRoot, uint pid)
        {
            using var file = ProcessFiles.OpenInside($"{procRoot}/{pid}/root", "etc/passwd");
            if (file is null)
            {
                return new Passwd(procRoot, default, 0, []);
            }

            var bytes = new byte[Math.Min(RandomAccess.GetLength(file), MostBytes)];
            var got = RandomAccess.Read(file, bytes, 0);
            return new Passwd(procRoot, File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file), PasswdFile.Parse(bytes.AsSpan(0, got)));
        }

        public string Name(uint uid) => names.GetValueOrDefault(uid) ?? Number(uid);

        /// <summary>Accounts are added while the agent runs.</summary>
        public bool IsCurrent(uint pid)
        {
            using var file = ProcessFiles.OpenInside($"{procRoot}/{pid}/root", "etc/passwd");
            return file is null ? length == 0 : File.GetLastWriteTimeUtc(file) == written && RandomAccess.GetLength(file) == length;
        }
    }
}
