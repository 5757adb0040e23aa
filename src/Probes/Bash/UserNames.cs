using System.Globalization;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Who a user is, by the passwd file that the process itself sees and in the numbers of its own user namespace. A process that is gone
/// is answered for by what was known of it, or by another one in the same place; nobody else is asked. Bounded; not thread-safe.
/// </summary>
internal sealed class UserNames(string procRoot)
{
    private const int MostPlaces = 1024;
    private const int MostProcesses = 4096;

    private readonly Dictionary<BashPlace, PasswdFile> _passwds = [];
    private readonly Dictionary<uint, (BashPlace Place, Users Users)> _processes = [];
    private readonly Dictionary<BashPlace, uint> _residents = [];

    /// <summary>The login name, or the number.</summary>
    /// <param name="pid">In the namespace of /proc.</param>
    /// <param name="uid">In the initial user namespace.</param>
    /// <param name="place">Where the process was when the user was.</param>
    public string Name(uint pid, uint uid, in BashPlace place) =>
        (LookAgain(pid, place) ?? Remembered(pid, place) ?? AskResident(place))?.Name(uid) ?? Number(uid);

    /// <summary>Looks who its users are while the process is there: a shell's first line may be its last.</summary>
    public void Remember(uint pid, in BashPlace place)
    {
        if (Remembered(pid, place) is null)
        {
            LookAgain(pid, place);
        }
    }

    /// <summary>A scan begins.</summary>
    public void ForgetResidents() => _residents.Clear();

    /// <summary>Some process, which may be asked when others of its place are gone. The first of each place is the one that stays.</summary>
    public void AddResident(uint pid, in BashPlace place)
    {
        if (_residents.Count < MostPlaces)
        {
            _residents.TryAdd(place, pid);
        }
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

    private Users? LookAgain(uint pid, in BashPlace place)
    {
        if (LookAt(pid, place) is not { } users)
        {
            return null;
        }

        MakeRoom(_processes, MostProcesses);
        _processes[pid] = (place, users);
        return users;
    }

    private Users? Remembered(uint pid, in BashPlace place) =>
        _processes.TryGetValue(pid, out var known) && known.Place == place ? known.Users : null;

    private Users? AskResident(in BashPlace place) =>
        _residents.TryGetValue(place, out var pid) && HasRoot(pid, place) ? LookAt(pid, place) : null;

    /// <summary>Null when the process is gone, or is another one by now.</summary>
    private Users? LookAt(uint pid, in BashPlace place)
    {
        using var file = OpenedFile.TryOpenInside($"{procRoot}/{pid}/root", "etc/passwd");
        var uidMap = ProcessFiles.ReadLines($"{procRoot}/{pid}/uid_map");

        // Asked last: what was found before, or was not, is its own.
        return IsIn(pid, place) ? new Users(Passwd(place, file), uidMap) : null;
    }

    private PasswdFile Passwd(in BashPlace place, OpenedFile? file)
    {
        if (!_passwds.TryGetValue(place, out var known) || !known.IsStill(file))
        {
            MakeRoom(_passwds, MostPlaces);
            _passwds[place] = known = PasswdFile.Read(file);
        }

        return known;
    }

    private bool IsIn(uint pid, in BashPlace place) =>
        ProcessFiles.ReadLink($"{procRoot}/{pid}/ns/mnt") == $"mnt:[{place.Mounts}]"
        && ProcessFiles.ReadLink($"{procRoot}/{pid}/ns/user") == $"user:[{place.Users}]";

    /// <summary>A process may take another root while it runs.</summary>
    private bool HasRoot(uint pid, in BashPlace place)
    {
        using var root = OpenedFile.TryOpen($"{procRoot}/{pid}/root", out _);
        return root?.StatIdentity.Inode == place.RootIno;
    }

    private static void MakeRoom<TKey, TValue>(Dictionary<TKey, TValue> cache, int most)
        where TKey : notnull
    {
        if (cache.Count >= most)
        {
            cache.Clear();
        }
    }

    private sealed record Users(PasswdFile Passwd, IReadOnlyList<string> UidMap)
    {
        public string Name(uint uid)
        {
            var inside = Translate(UidMap, uid);
            return Passwd.Name(inside) ?? Number(inside);
        }
    }
}
