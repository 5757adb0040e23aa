using System.Globalization;

namespace EbpfActors.Probes.Bash;

/// <summary>One mapped file of a process: its address range as /proc/PID/map_files names it, and which file it is.</summary>
internal readonly record struct Mapping(string Range, string File, string Path)
{
    public ulong Start { get; init; }

    public ulong End { get; init; }

    /// <summary>Where in the file it begins.</summary>
    public ulong Offset { get; init; }

    /// <summary>Reads a line of /proc/PID/maps; null for what is not a file.</summary>
    public static Mapping? Parse(string line)
    {
        var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 6 || fields[4] == "0" || fields[0].Split('-') is not [var from, var to])
        {
            return null;
        }

        // maps pads addresses with zeros, map_files does not.
        var (start, end) = (Hex(from), Hex(to));
        return new Mapping(string.Create(CultureInfo.InvariantCulture, $"{start:x}-{end:x}"), $"{fields[3]}:{fields[4]}", fields[5].TrimStart())
        {
            Start = start,
            End = end,
            Offset = Hex(fields[2]),
        };
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <summary>The files that a process has mapped, as far as it still lives.</summary>
internal static class ProcessMappings
{
    /// <summary>In the order of addresses; empty when the process has gone.</summary>
    public static IEnumerable<Mapping> Of(string procRoot, uint pid) =>
        ProcessFiles.ReadLines($"{procRoot}/{pid}/maps").Select(Mapping.Parse).OfType<Mapping>();
}
