namespace EbpfActors.Actors.DataKit;

/// <summary>Where an entry is on disk, header and body.</summary>
internal readonly record struct SpoolPlace(long Segment, long Offset, int Bytes);

/// <summary>
/// Entries in files of about 4 MiB each, appended to one after the other and removed whole once nothing in them waits. What an append
/// or a removal says is done is on disk. Has no thread and no memory of its own; one call at a time.
/// </summary>
internal sealed class SpoolLog : IDisposable
{
    /// <summary>A file that is longer gets no further entry.</summary>
    public const int SegmentBytes = 4 << 20;

    private readonly SpoolFolder _folder;
    private readonly SortedSet<long> _segments = [];
    private SpoolHead _head;
    private FileStream? _tail;
    private long _tailSegment;
    private long _tailBytes;
    private SpoolMark _next = SpoolMark.Start;

    public SpoolLog(string directory)
    {
        _folder = new SpoolFolder(directory);
        try
        {
            _head = new SpoolHead(_folder.HeadPath);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>Finds every entry that waits, and removes the files in which none does. To be called once, before all else.</summary>
    public SpoolRecovery Recover()
    {
        var recovery = new SpoolRecovery(_head.Marks);
        foreach (var segment in _folder.Segments())
        {
            _tailSegment = segment;
            _segments.Add(segment);
            recovery.Read(segment, _folder.PathOf(segment));
        }

        _next = recovery.Finish();
        var waiting = recovery.Slots.Select(slot => slot.Place.Segment).ToHashSet();
        Remove(segment => !waiting.Contains(segment));
        return recovery;
    }

    /// <summary>Returns the place of the entry once it is on disk. <paramref name="first"/> is the oldest entry that waits, null for this one.</summary>
    public (SpoolMark Mark, SpoolPlace Place) Append(byte[] body, int points, SpoolMark? first)
    {
        var mark = _next;
        var entry = SpoolFrame.Encode(mark, first ?? mark, points, body);
        var tail = Tail();
        try
        {
            tail.Write(entry);
            _head.Write(first ?? mark, mark.Behind(points));
        }
        catch
        {
            // A full disk takes a part of it; its number may be on disk and is not used again.
            tail.SetLength(_tailBytes);
            CloseTail();
            _next = _next with { Sequence = _next.Sequence + 1 };
            throw;
        }

        var place = new SpoolPlace(_tailSegment, _tailBytes, entry.Length);
        _next = mark.Behind(points);
        _tailBytes += entry.Length;
        if (_tailBytes > SegmentBytes)
        {
            CloseTail();
        }

        return (mark, place);
    }

    /// <summary>The body of an entry, or null when a bit of it is wrong or missing.</summary>
    public byte[]? Read(SpoolMark mark, SpoolPlace place)
    {
        try
        {
            using var file = SpoolFolder.OpenFile(_folder.PathOf(place.Segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var entry = new byte[place.Bytes];
            return RandomAccess.Read(file.SafeFileHandle, entry, place.Offset) == entry.Length && SpoolFrame.TryRead(entry) is { } frame
                && frame.Mark == mark && frame.Body(entry) is { Length: > 0 } body ? body.ToArray() : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Forgets everything before <paramref name="first"/> (null: everything), and the files in which nothing waits.</summary>
    public void Truncate(SpoolMark? first, IReadOnlySet<long> waiting)
    {
        _head.Write(first ?? _next, _next);
        if (first is null)
        {
            CloseTail();
        }

        Remove(segment => !waiting.Contains(segment) && (_tail is null || segment != _tailSegment));
    }

    /// <summary>
    /// Looks for what was done to the files from outside, and makes again what the log needs; false when nothing was. What is gone of the
    /// entries is told by <see cref="IsThere"/>.
    /// </summary>
    public bool IsDisturbed()
    {
        var disturbed = _folder.Restore();
        if (!File.Exists(_folder.HeadPath))
        {
            var marks = _head.Marks ?? (_next, _next);
            _head.Dispose();
            _head = new SpoolHead(_folder.HeadPath);
            _head.Write(marks.First, marks.Next);
            disturbed = true;
        }

        if (_tail is not null && _folder.LengthOf(_tailSegment) != _tailBytes)
        {
            CloseTail();
            disturbed = true;
        }

        return disturbed | _segments.RemoveWhere(segment => (_tail is null || segment != _tailSegment) && _folder.LengthOf(segment) == 0) > 0;
    }

    public bool IsThere(SpoolPlace place) => _folder.LengthOf(place.Segment) >= place.Offset + place.Bytes;

    public void Dispose()
    {
        CloseTail();
        _head.Dispose();
        _folder.Dispose();
    }

    private FileStream Tail()
    {
        if (_tail is null)
        {
            _tail = SpoolFolder.OpenFile(_folder.PathOf(_tailSegment + 1), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            (_tailSegment, _tailBytes) = (_tailSegment + 1, 0);
            _segments.Add(_tailSegment);
        }

        return _tail;
    }

    /// <summary>The next entry begins a file of its own.</summary>
    private void CloseTail()
    {
        _tail?.Dispose();
        _tail = null;
    }

    private void Remove(Predicate<long> isDone)
    {
        foreach (var segment in _segments.Where(s => isDone(s)).ToArray())
        {
            File.Delete(_folder.PathOf(segment));
            _segments.Remove(segment);
        }
    }
}
