using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>Points that travel together: one request, or one entry of the spool. The lines are never written again.</summary>
public sealed class PointBatch
{
    private readonly ArraySegment<byte[]> _lines;

    public PointBatch(PointEndpoint endpoint, ArraySegment<byte[]> lines, DateTimeOffset written)
    {
        Endpoint = endpoint;
        _lines = lines;
        Written = written;
        foreach (var line in lines)
        {
            Bytes += line.Length + 1;
        }
    }

    public PointEndpoint Endpoint { get; }

    public ReadOnlySpan<byte[]> Lines => _lines;

    public int Points => _lines.Count;

    /// <summary>Length of the body before compression, a newline behind every line.</summary>
    public long Bytes { get; }

    /// <summary>When the points came to the writer.</summary>
    public DateTimeOffset Written { get; }

    /// <summary>One batch of several that follow each other and go to the same endpoint.</summary>
    public static PointBatch Join(IReadOnlyList<PointBatch> batches)
    {
        var lines = new byte[batches.Sum(b => b.Points)][];
        var at = 0;
        foreach (var batch in batches)
        {
            batch.Lines.CopyTo(lines.AsSpan(at));
            at += batch.Points;
        }

        return new PointBatch(batches[0].Endpoint, lines, batches[0].Written);
    }

    public PointBatch Slice(int start, int count) =>
        count == Points ? this : new PointBatch(Endpoint, _lines.Slice(start, count), Written);

    public PointBatch Skip(int count) => Slice(count, Points - count);
}
