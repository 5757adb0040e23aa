using System.Globalization;
using System.Text;

namespace EbpfActors.Probes.Net;

/// <summary>
/// Makes the kernel's 15-byte process names into strings, each once. A name of full length may have been cut there, so it is
/// completed from the command line when the process still lives and the two agree. Bounded; not thread-safe.
/// </summary>
internal sealed class ProcessNames(string procRoot, int capacity = 16384)
{
    private const int CommLength = 15;
    private const int Recent = 64;

    private readonly Dictionary<(uint Pid, IpAddress Comm), string> _names = [];

    private readonly Dictionary<uint, (ulong Start, string Name)> _byPid = [];

    // Most records come from few processes: what was asked for last is found without hashing it.
    private readonly (uint Pid, IpAddress Comm, string? Name)[] _recent = new (uint, IpAddress, string?)[Recent];

    internal string Name(uint pid, in Bytes16 comm)
    {
        var packed = IpAddress.Read(comm);
        ref var recent = ref _recent[pid % Recent];
        if (recent.Name is { } name && recent.Pid == pid && recent.Comm == packed)
        {
            return name;
        }

        name = Find(pid, packed, comm);
        recent = (pid, packed, name);
        return name;
    }

    private string Find(uint pid, IpAddress packed, ReadOnlySpan<byte> bytes)
    {
        if (_names.TryGetValue((pid, packed), out var name))
        {
            return name;
        }

        var length = bytes.IndexOf((byte)0);
        return Keep(pid, packed, Encoding.UTF8.GetString(bytes[..(length < 0 ? bytes.Length : length)]));
    }

    /// <summary>
    /// The name of a process of which only the number is known, while it lives or once it was asked for; else empty. A number that is
    /// given to another process gets that one's name.
    /// </summary>
    internal string Name(uint pid)
    {
        if (pid == 0)
        {
            return "";
        }

        var start = StartTime(pid);
        if (_byPid.TryGetValue(pid, out var known) && (start == 0 || start == known.Start))
        {
            return known.Name;
        }

        if (_byPid.Count >= capacity)
        {
            _byPid.Clear();
        }

        var name = Read($"{procRoot}/{pid}/comm").TrimEnd('\n');
        name = Encoding.UTF8.GetByteCount(name) >= CommLength ? Complete(pid, name) : name;
        _byPid[pid] = (start, name);
        return name;
    }

    /// <summary>In clock ticks since the boot; 0 when the process is gone.</summary>
    private ulong StartTime(uint pid)
    {
        // The name in parentheses may hold anything; the 20th word behind it is the start.
        var text = Read($"{procRoot}/{pid}/stat");
        var words = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 19 && ulong.TryParse(words[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : 0;
    }

    /// <summary>Empty when the process is gone.</summary>
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private string Keep(uint pid, IpAddress comm, string name)
    {
        if (_names.Count >= capacity)
        {
            _names.Clear();
        }

        return _names[(pid, comm)] = Encoding.UTF8.GetByteCount(name) >= CommLength ? Complete(pid, name) : name;
    }

    private string Complete(uint pid, string cut)
    {
        var commandLine = Read($"{procRoot}/{pid}/cmdline");
        var program = Path.GetFileName(commandLine.AsSpan(0, Math.Max(0, commandLine.AsSpan().IndexOf('\0'))));
        return program.StartsWith(cut, StringComparison.Ordinal) ? program.ToString() : cut;
    }
}
