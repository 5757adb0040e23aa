using System.Globalization;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Who a user is, by the passwd file that the process itself sees and in the numbers of its own user namespace. Bounded; not
/// thread-safe.
/// </summary>
internal sealed class UserNames(string procRoot)
{
    private const int MostRoots = 256;
    private const int MostProcesses = 4096;
    private const int MostBytes = 1 << 20;

    private readonly Dictionary<(string Mounts, string Root), Passwd> _passwds = [];
    private readonly Dictionary<uint, (Passwd Passwd, IReadOnlyList<string> UidMap)> _processes = [];

    /// <summary>The login name, or the number. A process that has gone is known as it was when it was last asked for.</summary>
    /// <param name="pid">In the namespace of /proc.</param>
    /// <param name="uid">In the initial user namespace.</param>
    public string Name(uint pid, uint uid)
    {
        Remember(pid);
        return _processes.TryGetValue(pid, out var process) ? process.Passwd.Name(Translate(process.UidMap, uid)) : Number(uid);
    }

    /// <summary>Looks who its users are while the process is there: a shell's first line may be its last.</summary>
    public void Remember(uint pid)
    {
        if (ProcessFiles.ReadLink($"{procRoot}/{pid}/root") is not { } root
            || ProcessFiles.ReadLink($"{procRoot}/{pid}/ns/mnt") is not { } mounts)
        {
            return;
        }

        if (!_passwds.TryGetValue((mounts, root), out var known) || !known.IsCurrent(pid))
        {
            MakeRoom(_passwds, MostRoots);
            _passwds[(mounts, root)] = known = Passwd.Read(procRoot, pid);
        }

        MakeRoom(_processes, MostProcesses);
        _processes[pid] = (known, ProcessFiles.ReadLines($"{procRoot}/{pid}/uid_map"));
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

    private static void MakeRoom<TKey, TValue>(Dictionary<TKey, TValue> cache, int most)
        where TKey : notnull
    {
        if (cache.Count >= most)
        {
            cache.Clear();
        }
    }

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
