using System.Globalization;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>
/// Names on the wire (RFC 1035 3.1, 4.1.4). Expanded, a name is its labels with their lengths and a zero at the end, in lower
/// case. A compression pointer has to lead back behind where the name, or the part that a pointer led to, begins: so there
/// are no loops.
/// </summary>
internal static class DnsName
{
    /// <summary>Bytes of an expanded name at most.</summary>
    internal const int MostBytes = 255;

    /// <summary>Characters of a name as text at most: every byte as three digits behind a backslash.</summary>
    internal const int MostCharacters = 4 * MostBytes;

    private const int MostPointers = 64;
    private const int HeaderBytes = 12;

    /// <summary>Moves behind the name, without a look at where its pointer leads.</summary>
    internal static DnsFault Skip(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            var length = message[at];
            switch (length & 0xC0)
            {
                case 0 when length == 0:
                    at++;
                    return DnsFault.None;
                case 0:
                    at += 1 + length;
                    break;
                case 0xC0:
                    at += 2;
                    return at <= message.Length ? DnsFault.None : DnsFault.Counts;
                default:
                    return DnsFault.Label;
            }
        }

        return DnsFault.Counts;
    }

    /// <summary>Expands the name into <paramref name="name"/> (<see cref="MostBytes"/> of room) and moves behind it.</summary>
    internal static DnsFault Read(ReadOnlySpan<byte> message, ref int at, Span<byte> name, out int length)
    {
        length = 0;
        var walk = new Walk(message, at);
        while (walk.Next(out var label))
        {
            name[length++] = (byte)label.Length;
            Lower(label, name[length..]);
            length += label.Length;
        }

        name[length++] = 0;
        at = walk.After;
        return walk.Fault;
    }

    /// <summary>Whether the name there, expanded, would be <paramref name="name"/>. A broken one equals nothing and shows in <paramref name="fault"/>.</summary>
    internal static bool Matches(ReadOnlySpan<byte> message, int at, ReadOnlySpan<byte> name, ref DnsFault fault)
    {
        var walk = new Walk(message, at);
        while (walk.Next(out var label))
        {
            if (name[0] != label.Length || !EqualsLower(label, name.Slice(1, label.Length)))
            {
                return false;
            }

            name = name[(1 + label.Length)..];
        }

        fault = walk.Fault == DnsFault.None ? fault : walk.Fault;
        return walk.Fault == DnsFault.None && name[0] == 0;
    }

    /// <summary>
    /// Writes an expanded name as text without the last dot; the root is a dot. Dots and backslashes inside a label, and what is
    /// no printable ASCII, become a backslash and three digits. Returns the characters written.
    /// </summary>
    internal static int Write(ReadOnlySpan<byte> name, Span<char> text)
    {
        var written = 0;
        for (; name[0] != 0; name = name[(1 + name[0])..])
        {
            if (written > 0)
            {
                text[written++] = '.';
            }

            foreach (var b in name.Slice(1, name[0]))
            {
                if (b is > 0x20 and < 0x7F and not ((byte)'.' or (byte)'\\'))
                {
                    text[written++] = (char)b;
                    continue;
                }

                text[written++] = '\\';
                b.TryFormat(text[written..], out var digits, "000", CultureInfo.InvariantCulture);
                written += digits;
            }
        }

        if (written == 0)
        {
            text[written++] = '.';
        }

        return written;
    }

    private static byte Lower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;

    private static void Lower(ReadOnlySpan<byte> label, Span<byte> into)
    {
        for (var i = 0; i < label.Length; i++)
        {
            into[i] = Lower(label[i]);
        }
    }

    private static bool EqualsLower(ReadOnlySpan<byte> label, ReadOnlySpan<byte> lower)
    {
        for (var i = 0; i < label.Length; i++)
        {
            if (Lower(label[i]) != lower[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Goes through the labels of one name, following its pointers.</summary>
    private ref struct Walk(ReadOnlySpan<byte> message, int start)
    {
        private readonly ReadOnlySpan<byte> _message = message;
        private int _at = start;
        private int _begin = start;
        private int _bytes = 1;
        private int _pointers;

        /// <summary>Behind the name where it stands, once the walk is over.</summary>
        internal int After { get; private set; } = -1;

        internal DnsFault Fault { get; private set; }

        /// <summary>False at the end of the name, or at a fault.</summary>
        internal bool Next(out ReadOnlySpan<byte> label)
        {
            label = default;
            while (_at < _message.Length)
            {
                var length = _message[_at];
                switch (length & 0xC0)
                {
                    case 0 when length == 0:
                        After = After < 0 ? _at + 1 : After;
                        return false;
                    case 0 when _at + 1 + length > _message.Length:
                        return End(DnsFault.Counts);
                    case 0 when (_bytes += 1 + length) > MostBytes:
                        return End(DnsFault.LongName);
                    case 0:
                        label = _message.Slice(_at + 1, length);
                        _at += 1 + length;
                        return true;
                    case 0xC0 when _at + 2 > _message.Length:
                        return End(DnsFault.Counts);
                    case 0xC0:
                        After = After < 0 ? _at + 2 : After;
                        _at = ((length & 0x3F) << 8) | _message[_at + 1];
                        if (_at >= _begin || _at < HeaderBytes || ++_pointers > MostPointers)
                        {
                            return End(DnsFault.Pointer);
                        }

                        _begin = _at;
                        break;
                    default:
                        return End(DnsFault.Label);
                }
            }

            return End(DnsFault.Counts);
        }

        private bool End(DnsFault fault)
        {
            Fault = fault;
            return false;
        }
    }
}
