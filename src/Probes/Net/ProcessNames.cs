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

    /// <summary>The name of a process of which only the number is known, while it lives or once it was asked for; else empty.</summary>
    internal string Name(uint pid)
    {
        if (pid == 0)
        {
            return "";
        }

        if (_names.TryGetValue((pid, default), out var name))
        {
            return name;
        }

        try
        {
            name = File.ReadAllText($"{procRoot}/{pid}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            name = "";
        }

        return Keep(pid, default, name);
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
        try
        {
            var commandLine = File.ReadAllText($"{procRoot}/{pid}/cmdline");
            var program = Path.GetFileName(commandLine.AsSpan(0, Math.Max(0, commandLine.AsSpan().IndexOf('\0'))));
            return program.StartsWith(cut, StringComparison.Ordinal) ? program.ToString() : cut;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return cut;
        }
    }
}
