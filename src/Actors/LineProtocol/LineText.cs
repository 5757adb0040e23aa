using System.Buffers;
using System.Text;

namespace EbpfActors.Actors.LineProtocol;

/// <summary>Makes text safe for a place in a line: encoding, cutting at whole characters, escaping.</summary>
internal static class LineText
{
    private static readonly SearchValues<byte> NameSpecials = SearchValues.Create(", ="u8);
    private static readonly SearchValues<byte> StringSpecials = SearchValues.Create("\"\\"u8);

    /// <summary>
    /// UTF-8 of a measurement, key or tag value, not yet escaped: control characters become spaces, no trailing
    /// backslash, no more than <paramref name="limit"/> bytes.
    /// </summary>
    public static byte[] Name(ReadOnlySpan<char> text, int limit, out bool cut)
    {
        // Two bytes more than the limit tell whether something was cut; a megabyte is never encoded for a kilobyte.
        var head = text[..Math.Min(text.Length, limit + 2)];
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(head.Length)];
        var length = Encoding.UTF8.GetBytes(head, bytes);
        cut = length > limit;
        length = cut ? WholeCharacters(bytes, limit) : length;
        length = BlankControls(bytes.AsSpan(0, length));

        // A backslash before the separator that follows would escape it.
        while (length > 0 && bytes[length - 1] == '\\')
        {
            length--;
        }

        return bytes[..length];
    }

    /// <summary>Writes a name with its separators escaped; returns the bytes written. Needs twice the room.</summary>
    public static int Escape(ReadOnlySpan<byte> name, Span<byte> to)
    {
        var written = 0;
        while (name.IndexOfAny(NameSpecials) is var at and >= 0)
        {
            name[..at].CopyTo(to[written..]);
            written += at;
            to[written++] = (byte)'\\';
            to[written++] = name[at];
            name = name[(at + 1)..];
        }

        name.CopyTo(to[written..]);
        return written + name.Length;
    }

    /// <summary>Room that <see cref="EscapeString"/> needs for this UTF-8 text.</summary>
    public static int EscapedStringBytes(ReadOnlySpan<byte> text)
    {
        var extra = 0;
        for (var rest = text; rest.IndexOfAny(StringSpecials) is var at and >= 0; rest = rest[(at + 1)..])
        {
            extra++;
        }

        return text.Length + extra;
    }

    /// <summary>Escapes a string field's text where it stands, from the end; the buffer holds <paramref name="escaped"/> bytes.</summary>
    public static void EscapeString(Span<byte> buffer, int length, int escaped)
    {
        for (int from = length - 1, to = escaped - 1; from < to; from--)
        {
            buffer[to--] = buffer[from];
            if (buffer[from] is (byte)'"' or (byte)'\\')
            {
                buffer[to--] = (byte)'\\';
            }
        }
    }

    /// <summary>The longest prefix of at most <paramref name="limit"/> bytes that does not end inside a character.</summary>
    public static int WholeCharacters(ReadOnlySpan<byte> utf8, int limit)
    {
        if (utf8.Length <= limit)
        {
            return utf8.Length;
        }

        while (limit > 0 && (utf8[limit] & 0xC0) == 0x80)
        {
            limit--;
        }

        return limit;
    }

    /// <summary>C0, DEL and C1 become one space each; returns the new length.</summary>
    private static int BlankControls(Span<byte> utf8)
    {
        var to = 0;
        for (var from = 0; from < utf8.Length; from++)
        {
            var isC1 = utf8[from] == 0xC2 && from + 1 < utf8.Length && utf8[from + 1] < 0xA0;
            from += isC1 ? 1 : 0;
            utf8[to++] = isC1 || utf8[from] < 0x20 || utf8[from] == 0x7F ? (byte)' ' : utf8[from];
        }

        return to;
    }
}
