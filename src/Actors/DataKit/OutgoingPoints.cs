namespace EbpfActors.Actors.DataKit;

/// <summary>The points in memory that are in no batch yet, in order, and the batches made of them. Not thread-safe.</summary>
public sealed class OutgoingPoints(int maxBatchPoints, int maxBatchBytes)
{
    private readonly LinkedList<PointBatch> _chunks = new();

    public long Points { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Whether the next batch is known not to grow by waiting.</summary>
    public bool HasFullBatch => Points >= maxBatchPoints || Bytes >= maxBatchBytes
        || (_chunks.First is { } first && first.Value.Endpoint != _chunks.Last!.Value.Endpoint);

    public void Enqueue(PointBatch chunk)
    {
        if (chunk.Points > 0)
        {
            _chunks.AddLast(chunk);
            Count(chunk, 1);
        }
    }

    /// <summary>Puts back what was taken and could not be handed over.</summary>
    public void PutBack(PointBatch batch)
    {
        if (batch.Points > 0)
        {
            _chunks.AddFirst(batch);
            Count(batch, 1);
        }
    }

    /// <summary>The oldest points of one endpoint, within the limits of a batch; at least one point. Only when there are points.</summary>
    public PointBatch Dequeue()
    {
        var first = Take(maxBatchPoints, maxBatchBytes);
        var (points, bytes) = (first.Points, first.Bytes);
        List<PointBatch>? more = null;
        while (_chunks.First?.Value is { } next && next.Endpoint == first.Endpoint && points < maxBatchPoints
            && bytes + next.Lines[0].Length < maxBatchBytes)
        {
            var part = Take(maxBatchPoints - points, maxBatchBytes - bytes);
            (points, bytes) = (points + part.Points, bytes + part.Bytes);
            (more ??= [first]).Add(part);
        }

        return more is null ? first : PointBatch.Join(more);
    }

    /// <summary>Removes the oldest points until the queue holds no more than this; returns how many were removed.</summary>
    public int Shrink(long maxPoints, long maxBytes)
    {
        var dropped = 0;
        while (Points > maxPoints || (Bytes > maxBytes && Points > 0))
        {
            var excess = Points > maxPoints ? (int)Math.Min(int.MaxValue, Points - maxPoints) : int.MaxValue;
            dropped += Take(excess, Points > maxPoints ? long.MaxValue : Bytes - maxBytes).Points;
        }

        return dropped;
    }

    private PointBatch Take(int maxPoints, long maxBytes)
    {
        var chunk = _chunks.First!.Value;
        _chunks.RemoveFirst();
        Count(chunk, -1);

        var count = chunk.Points <= maxPoints && chunk.Bytes <= maxBytes ? chunk.Points : Fitting(chunk.Lines, maxPoints, maxBytes);
        PutBack(chunk.Skip(count));
        return chunk.Slice(0, count);
    }

    private static int Fitting(ReadOnlySpan<byte[]> lines, int maxPoints, long maxBytes)
    {
        long bytes = 0;
        var count = 0;
        while (count < lines.Length && count < maxPoints && (bytes += lines[count].Length + 1) <= maxBytes)
        {
            count++;
        }

        // A line that is larger than a batch goes alone.
        return Math.Max(1, count);
    }

    private void Count(PointBatch batch, int sign) => (Points, Bytes) = (Points + (sign * batch.Points), Bytes + (sign * batch.Bytes));
}
