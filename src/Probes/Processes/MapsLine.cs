using System.Buffers.Text;

namespace EbpfActors.Probes.Processes;

/// <summary>Reads a line of /proc/PID/maps.</summary>
internal static class MapsLine
{
    /// <summary>False for a mapping that is not executable or not of a file, and for what is no such line.</summary>
    internal static bool TryRead(int pid, ReadOnlySpan<byte> line, out Mapping mapping)
    {
        mapping = default;
        var rest = line;
        if (!Hex(ref rest, (byte)'-', out var start) || !Hex(ref rest, (byte)' ', out var end)
            || rest.Length < 5 || rest[2] != 'x' || rest[4] != ' ')
        {
            return false;
        }

        rest = rest[5..];
        if (!Hex(ref rest, (byte)' ', out var offset) || !Hex(ref rest, (byte)':', out var major) || !Hex(ref rest, (byte)' ', out var minor)
            || !Utf8Parser.TryParse(rest, out ulong inode, out var used) || inode == 0)
        {
            return false;
        }

        mapping = new(pid, start, end, FileIdentity.Of((uint)major, (uint)minor, inode), 0, rest[used..].TrimStart((byte)' ')) { Offset = offset };
        return mapping.Path.Length > 0 && mapping.Path[0] == '/';
    }

    private static bool Hex(ref ReadOnlySpan<byte> text, byte end, out ulong value)
    {
        if (!Utf8Parser.TryParse(text, out value, out var used, 'x') || used >= text.Length || text[used] != end)
        {
            return false;
        }

        text = text[(used + 1)..];
        return true;
    }
}
