using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>One entry that waits on disk. <see cref="Settled"/> of its first points are delivered already.</summary>
internal sealed record SpoolSlot(SpoolMark Mark, SpoolPlace Place, PointEndpoint Endpoint, int Points, long LineBytes)
{
    public int Settled { get; set; }

    public int Waiting => Points - Settled;
}

/// <summary>
/// What waits on disk, oldest first. The first entries may be pinned: their points are on the way to DataKit, so they are
/// not dropped to make room. One writer; the totals may be read by others.
/// </summary>
internal sealed class SpoolIndex
{
    private readonly LinkedList<SpoolSlot> _slots = new();
    private long _points;
    private long _bytes;
    private int _entries;

    public int Entries => Volatile.Read(ref _entries);

    public long Points => Interlocked.Read(ref _points);

    /// <summary>On disk.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many entries from the front are on the way.</summary>
    public int Pinned { get; set; }

    public SpoolSlot? First => _slots.First?.Value;

    public IEnumerable<SpoolSlot> Slots => _slots;

    /// <summary>The files that these entries are in.</summary>
    public IReadOnlySet<long> Segments => _slots.Select(slot => slot.Place.Segment).ToHashSet();

    /// <summary>Entries that may be dropped, oldest first.</summary>
    public IEnumerable<SpoolSlot> Free => _slots.Skip(Pinned);

    public void Add(SpoolSlot slot)
    {
        _slots.AddLast(slot);
        Interlocked.Add(ref _bytes, slot.Place.Bytes);
        _entries++;
        Interlocked.Add(ref _points, slot.Waiting);
    }

    public void Remove(SpoolSlot slot)
    {
        _slots.Remove(slot);
        Interlocked.Add(ref _bytes, -slot.Place.Bytes);
        _entries--;
        Interlocked.Add(ref _points, -slot.Waiting);
    }

    /// <summary>Removes the oldest entry that may be dropped; null when there is none.</summary>
    public SpoolSlot? DropOldest()
    {
        if (_slots.Count <= Pinned)
        {
            return null;
        }

        var oldest = _slots.Skip(Pinned).First();
        Remove(oldest);
        return oldest;
    }

    /// <summary>Counts points from the front as settled; an entry without waiting points leaves. Unpins all.</summary>
    public void Settle(int points)
    {
        Pinned = 0;
        while (points > 0 && First is { } first)
        {
            var here = Math.Min(points, first.Waiting);
            points -= here;
            if (here == first.Waiting)
            {
                Remove(first);
            }
            else
            {
                first.Settled += here;
                Interlocked.Add(ref _points, -here);
            }
        }
    }
}
