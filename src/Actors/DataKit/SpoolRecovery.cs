namespace EbpfActors.Actors.DataKit;

/// <summary>
/// Finds the entries of an earlier run one by one, whatever has happened to the bytes between them, and counts what is missing: each
/// entry says how many points came before it, and the head how many in all.
/// </summary>
internal sealed class SpoolRecovery((SpoolMark First, SpoolMark Next)? head)
{
    private const int LongestSegment = SpoolLog.SegmentBytes + (4 << 20);
    private const int PieceBytes = 256 << 10;

    private readonly SortedDictionary<long, SpoolSlot> _found = [];
    private SpoolMark _first = head?.First ?? SpoolMark.Start;

    /// <summary>Bytes behind the last entry of which nothing is known.</summary>
    private long _rest;

    /// <summary>What waits, oldest first. Known once it is finished.</summary>
    public IReadOnlyList<SpoolSlot> Slots { get; private set; } = [];

    /// <summary>Points that were there and cannot be read any more: exact by the counts on both sides, and at the end by the head.</summary>
    public long Lost { get; private set; }

    /// <summary>Gaps in what was read.</summary>
    public int Places { get; private set; }

    /// <summary>Neither the head nor an entry behind the last gap can be read: <see cref="Lost"/> has 1 for it, and more may have been there.</summary>
    public bool IsLossUnknown { get; private set; }

    public void Read(long segment, string path)
    {
        var log = Bytes(path);
        var (at, end) = (0, 0);
        while (SpoolFrame.Find(log, ref at) is { } frame)
        {
            var body = frame.Body(log.AsSpan(at));
            if (SpoolEntry.TryReadHead(body, out var endpoint, out var lineBytes))
            {
                _found[frame.Mark.Sequence] = new SpoolSlot(
                    frame.Mark, new SpoolPlace(segment, at, SpoolFrame.HeaderBytes + body.Length), endpoint, frame.Points, lineBytes);
                at += SpoolFrame.HeaderBytes + body.Length;
                (end, _rest) = (at, 0);
                Know(frame.First);
            }
            else
            {
                at += SpoolFrame.HeaderBytes;
            }
        }

        _rest += log.Length - end;
    }

    /// <summary>Everything was read; returns the place of the next entry.</summary>
    public SpoolMark Finish()
    {
        Slots = [.. _found.Values.Where(slot => slot.Mark.Sequence >= _first.Sequence)];
        var next = _first;
        foreach (var slot in Slots)
        {
            Expect(next.Before, slot.Mark.Before);
            next = slot.Mark.Behind(slot.Points);
        }

        if (head is { } known)
        {
            Expect(next.Before, known.Next.Before);
            return new SpoolMark(Math.Max(next.Sequence, known.Next.Sequence), Math.Max(next.Before, known.Next.Before));
        }

        IsLossUnknown = _rest > 0;
        (Lost, Places) = IsLossUnknown ? (Lost + 1, Places + 1) : (Lost, Places);
        return next;
    }

    private void Know(SpoolMark first) => _first = head is null && first.Sequence > _first.Sequence ? first : _first;

    private void Expect(long before, long found)
    {
        if (found > before)
        {
            Lost += found - before;
            Places++;
        }
    }

    /// <summary>What the disk gives of a file; where it gives nothing there are zeros.</summary>
    private static byte[] Bytes(string path)
    {
        using var file = SpoolFolder.OpenFile(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[Math.Min(file.Length, LongestSegment)];
        for (var at = 0; at < bytes.Length; at += PieceBytes)
        {
            try
            {
                RandomAccess.Read(file.SafeFileHandle, bytes.AsSpan(at, Math.Min(PieceBytes, bytes.Length - at)), at);
            }
            catch (IOException)
            {
                // A sector that cannot be read costs the entry that it is in.
            }
        }

        return bytes;
    }
}
