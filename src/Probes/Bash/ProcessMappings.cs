using System.Globalization;

namespace EbpfActors.Probes.Bash;

/// <summary>One mapped file of a process: its address range as /proc/PID/map_files names it, and which file it is.</summary>
internal readonly record struct Mapping(string Range, string File, string Path)
{
    /// <summary>Reads a line of /proc/PID/maps; null for what is not a file.</summary>
    public static Mapping? Parse(string line)
    {
        var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 6 && fields[4] != "0" ? new Mapping(Plain(fields[0]), $"{fields[3]}:{fields[4]}", fields[5].TrimStart()) : null;
    }

    // maps pads addresses with zeros, map_files does not.
    private static string Plain(string range)
    {
        var ends = range.Split('-');
        return string.Join('-', ends.Select(e => ulong.Parse(e, NumberStyles.HexNumber, CultureInfo.InvariantCulture).ToString("x", CultureInfo.InvariantCulture)));
    }
}

/// <summary>The files that a process has mapped, as far as it still lives.</summary>
internal static class ProcessMappings
{
    /// <summary>In the order of addresses; empty when the process has gone.</summary>
    public static IEnumerable<Mapping> Of(string procRoot, uint pid) =>
        ProcessFiles.ReadLines($"{procRoot}/{pid}/maps").Select(Mapping.Parse).OfType<Mapping>();
}
