namespace EbpfActors.Actors.LineProtocol;

/// <summary>
/// Collects the tags of a point and makes <see cref="PointTags"/> of them. A key stands once: the last <see cref="Set"/>
/// wins, and a global tag never replaces one that the collector computed. Not thread-safe.
/// </summary>
public sealed class TagSet(LineCuts cuts)
{
    private readonly SortedDictionary<byte[], byte[]> _tags = new(ByteOrder.Instance);

    /// <summary>Sets a tag that the collector computed. An empty value removes the tag.</summary>
    public TagSet Set(string key, string? value)
    {
        var name = Key(key);
        var text = Value(value);
        if (name.Length > 0 && text.Length > 0)
        {
            _tags[name] = text;
        }
        else
        {
            _tags.Remove(name);
        }

        return this;
    }

    /// <summary>Sets a global tag, unless the key is taken. Call it after <see cref="Set"/>.</summary>
    public TagSet SetGlobal(string key, string? value)
    {
        var name = Key(key);
        var text = Value(value);
        if (name.Length > 0 && text.Length > 0)
        {
            _tags.TryAdd(name, text);
        }

        return this;
    }

    public PointTags Build(string measurement)
    {
        var name = LineText.Name(measurement, LineLimits.MeasurementBytes, out var cut);
        ArgumentOutOfRangeException.ThrowIfZero(name.Length, nameof(measurement));
        if (cut)
        {
            cuts.Key();
        }

        // A line that starts with # is a comment.
        name[0] = name[0] == '#' ? (byte)'_' : name[0];

        var buffer = new byte[LineLimits.SeriesBytes];
        var length = LineText.Escape(name, buffer);
        var count = 0;
        foreach (var (key, value) in _tags)
        {
            if (count == LineLimits.Tags || length + 2 + (2 * (key.Length + value.Length)) > buffer.Length)
            {
                cuts.Tag();
                continue;
            }

            count++;
            buffer[length++] = (byte)',';
            length += LineText.Escape(key, buffer.AsSpan(length));
            buffer[length++] = (byte)'=';
            length += LineText.Escape(value, buffer.AsSpan(length));
        }

        return new PointTags(buffer[..length]);
    }

    private byte[] Key(string key)
    {
        var name = LineText.Name(key, LineLimits.KeyBytes, out var cut);
        if (cut)
        {
            cuts.Key();
        }

        return name;
    }

    private byte[] Value(string? value)
    {
        var text = LineText.Name(value, LineLimits.TagValueBytes, out var cut);
        if (cut)
        {
            cuts.TagValue();
        }

        // What cannot be written is not the same as what is not known: a name of nothing but backslashes leaves nothing.
        return text.Length == 0 && !string.IsNullOrEmpty(value) ? "N/A"u8.ToArray() : text;
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
