using System.Globalization;
using EbpfActors.Probes.Inspections;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Who a user is, by the passwd file that the process itself sees and in the numbers of its own user namespace. A process that is gone
/// is answered for by what was known of it, or by another one in the same place; nobody else is asked. Bounded; not thread-safe.
/// </summary>
/// <param name="procRoot">The host's /proc.</param>
/// <param name="inspector">Reads the files of other roots, whose file systems may not answer.</param>
/// <param name="takeEnded">Lets the inspector see to a thread that hangs.</param>
internal sealed class UserNames(string procRoot, IInspector inspector, Action takeEnded)
{
    private const int MostPlaces = 1024;
    private const int MostProcesses = 4096;
    private const int MostBytes = 16 << 20;
    private const int SizeOfLine = 100;

    /// <summary>A file that is in memory takes some microseconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<BashPlace, PasswdFile> _passwds = [];
    private readonly HashSet<BashPlace> _slow = [];
    private long _bytes;
    private readonly Dictionary<uint, (BashPlace Place, Users Users)> _processes = [];
    private readonly Dictionary<BashPlace, uint> _residents = [];

    /// <summary>What is waited for longer is given up.</summary>
    public static InspectionLimits Limits { get; } = new(long.MaxValue, TimeSpan.MaxValue) { HangsAfter = Patience };

    /// <summary>Places whose passwd could not be read in time; their users are told by their numbers until the next scan.</summary>
    public int Slow => _slow.Count;

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
    public void ForgetResidents()
    {
        _residents.Clear();
        _slow.Clear();
    }

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
        if (LookAt(pid, place, isInRoot: false) is not { } users)
        {
            return null;
        }

        MakeRoom(_processes, MostProcesses);
        _processes[pid] = (place, users);
        _bytes += users.UidMap.Count * SizeOfLine;
        return users;
    }

    private Users? Remembered(uint pid, in BashPlace place) =>
        _processes.TryGetValue(pid, out var known) && known.Place == place ? known.Users : null;

    private Users? AskResident(in BashPlace place) =>
        _residents.TryGetValue(place, out var pid) ? LookAt(pid, place, isInRoot: true) : null;

    /// <summary>Null when the process is gone, or is another one by now, or its files cannot be read in time.</summary>
    private Users? LookAt(uint pid, in BashPlace place, bool isInRoot)
    {
        takeEnded();
        if (_slow.Contains(place))
        {
            return null;
        }

        var look = new UserLook(procRoot, pid, place, isInRoot, _passwds.GetValueOrDefault(place));
        if (!inspector.Post(look))
        {
            return null;
        }

        if (!look.Wait(Patience))
        {
            MakeRoom(_slow, MostPlaces);
            _slow.Add(place);
            return null;
        }

        if (look.Passwd is not { } passwd)
        {
            return null;
        }

        Keep(place, passwd);
        return new Users(passwd, look.UidMap);
    }

    private void Keep(in BashPlace place, PasswdFile passwd)
    {
        // A container may have a file as large as it likes, and change it as often.
        if (_passwds.Count >= MostPlaces || _bytes > MostBytes)
        {
            _passwds.Clear();
            _processes.Clear();
            _bytes = 0;
        }

        if (!_passwds.TryGetValue(place, out var known) || !ReferenceEquals(known, passwd))
        {
            _bytes += passwd.Size;
            _passwds[place] = passwd;
        }
    }

    private static void MakeRoom<T>(ICollection<T> cache, int most)
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
