using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace EbpfActors.Actors.LineProtocol;

/// <summary>
/// Writes the fields and the time of one point behind its tags, in a pooled buffer. What it yields is a valid line of less
/// than 1 MiB; what had to be cut for that is counted. Dispose it to return the buffer.
/// </summary>
public ref struct LineBuilder
{
    private const int TimestampBytes = 24;
    private static readonly SearchValues<char> PlainKey = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    private readonly LineCuts _cuts;
    private byte[] _buffer;
    private int _length;
    private bool _hasField;

    public LineBuilder(PointTags tags, LineCuts cuts)
    {
        _cuts = cuts;
        _buffer = ArrayPool<byte>.Shared.Rent(tags.Bytes.Length + 512);
        tags.Bytes.CopyTo(_buffer);
        _length = tags.Bytes.Length;
    }

    public void Field(string key, long value)
    {
        if (Key(key, valueBytes: 21))
        {
            Utf8Formatter.TryFormat(value, _buffer.AsSpan(_length), out var written);
            _length += written;
            _buffer[_length++] = (byte)'i';
        }
    }

    public void Field(string key, bool value)
    {
        if (Key(key, valueBytes: 5))
        {
            var word = value ? "true"u8 : "false"u8;
            word.CopyTo(_buffer.AsSpan(_length));
            _length += word.Length;
        }
    }

    /// <summary>Keeps the text as it is, newlines too; cut at <see cref="LineLimits.StringFieldBytes"/> or where the line is full.</summary>
    public void Field(string key, ReadOnlySpan<char> value)
    {
        if (!Key(key, valueBytes: LineLimits.Reserve))
        {
            return;
        }

        var head = value[..Math.Min(value.Length, LineLimits.StringFieldBytes)];
        Grow(Encoding.UTF8.GetMaxByteCount(head.Length) + 2);
        var text = _buffer.AsSpan(_length + 1);
        var length = Encoding.UTF8.GetBytes(head, text);
        var whole = Fit(text[..length]);
        if (whole < length || head.Length < value.Length)
        {
            _cuts.StringField();
        }

        var escaped = LineText.EscapedStringBytes(text[..whole]);
        Grow(escaped + 2);
        _buffer[_length++] = (byte)'"';
        LineText.EscapeString(_buffer.AsSpan(_length, escaped), whole, escaped);
        _length += escaped;
        _buffer[_length++] = (byte)'"';
    }

    /// <summary>The finished line, without a newline. Throws when there is no field: such a line would cost its whole batch.</summary>
    public byte[] Build(long unixNanoseconds)
    {
        if (!_hasField)
        {
            throw new InvalidOperationException("a point needs at least one field");
        }

        Grow(TimestampBytes);
        var length = _length;
        if (unixNanoseconds is > 0 and < long.MaxValue)
        {
            // Left out, the time is the server's: better than a point that DataKit refuses.
            _buffer[length++] = (byte)' ';
            Utf8Formatter.TryFormat(unixNanoseconds, _buffer.AsSpan(length), out var written);
            length += written;
        }

        return _buffer[..length];
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private bool Key(string key, int valueBytes)
    {
        // The keys of this code base are plain words: those cost no allocation.
        var isPlain = key.Length is > 0 and <= LineLimits.KeyBytes && !key.AsSpan().ContainsAnyExcept(PlainKey);
        var name = isPlain ? [] : FullKey(key);
        var length = isPlain ? key.Length : name.Length;
        if (length == 0 || _length + (2 * length) + 2 + valueBytes + TimestampBytes > LineLimits.LineBytes)
        {
            _cuts.Field();
            return false;
        }

        Grow((2 * length) + 2 + 24);
        _buffer[_length++] = _hasField ? (byte)',' : (byte)' ';
        _length += isPlain ? Encoding.ASCII.GetBytes(key, _buffer.AsSpan(_length)) : LineText.Escape(name, _buffer.AsSpan(_length));
        _buffer[_length++] = (byte)'=';
        _hasField = true;
        return true;
    }

    private readonly byte[] FullKey(string key)
    {
        var name = LineText.Name(key, LineLimits.KeyBytes, out var cut);
        if (cut)
        {
            _cuts.Key();
        }

        return name;
    }

    /// <summary>How much of the text fits into the string limit and into what is left of the line.</summary>
    private readonly int Fit(ReadOnlySpan<byte> text)
    {
        var room = Math.Max(0, LineLimits.LineBytes - LineLimits.Reserve - TimestampBytes - _length - 2);
        var whole = LineText.WholeCharacters(text, LineLimits.StringFieldBytes);
        while (LineText.EscapedStringBytes(text[..whole]) is var escaped && escaped > room)
        {
            whole = LineText.WholeCharacters(text, Math.Max(0, whole - Math.Max(1, (escaped - room + 1) / 2)));
        }

        return whole;
    }

    private void Grow(int more)
    {
        if (_length + more <= _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, _buffer.Length * 2));

        // All of it, not only what counts: a string's text stands behind the end while it is being escaped.
        _buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
