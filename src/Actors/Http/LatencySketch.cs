using System.Buffers.Binary;
using HdrHistogram;
using HdrHistogram.Encoding;
using HdrHistogram.Utilities;

namespace EbpfActors.Actors.Http;

/// <summary>
/// Latencies as a histogram of fixed memory (about 2 KiB): a quantile is at most one sixteenth above the true value, sums of
/// sketches lose nothing, and their encoding can be added up across hosts. Not thread-safe.
/// </summary>
public sealed class LatencySketch
{
    /// <summary>Microseconds; what is longer is counted as this.</summary>
    private const long Longest = 3_600_000_000;

    private const int Digits = 1;
    private const long NanosecondsPerUnit = 1_000;

    // Cookie, length of the counts, offset, digits, smallest, largest, ratio.
    private const int HeaderLength = 40;

    private readonly IntHistogram _histogram = new(1, Longest, Digits);

    /// <summary>Latencies recorded.</summary>
    public long Count => _histogram.TotalCount;

    /// <summary>Below one microsecond counts as one.</summary>
    public void Record(ulong nanoseconds) =>
        _histogram.RecordValue((long)Math.Clamp(nanoseconds / NanosecondsPerUnit, 1UL, (ulong)Longest));

    public void Add(LatencySketch other)
    {
        if (other.Count > 0)
        {
            _histogram.Add(other._histogram);
        }
    }

    public void Clear()
    {
        if (Count > 0)
        {
            _histogram.Reset();
        }
    }

    /// <summary>The quantiles and the sketch itself, to keep.</summary>
    public LatencySummary Summarise() => Count == 0
        ? LatencySummary.Nothing
        : new LatencySummary(Count, Quantile(50), Quantile(95), Quantile(99), [.. Encode()]);

    /// <summary>Reads what <see cref="LatencySummary.Sketch"/> holds; null when the bytes are no such thing.</summary>
    public static LatencySketch? Decode(ReadOnlySpan<byte> encoded)
    {
        if (!IsOurs(encoded))
        {
            return null;
        }

        try
        {
            var read = HistogramEncoding.DecodeFromByteBuffer(ByteBuffer.Allocate(encoded.ToArray()), 0);
            var sketch = new LatencySketch();
            sketch._histogram.Add(read);
            return sketch;
        }
#pragma warning disable CA1031 // The library throws whatever the bytes lead it to; they come from other hosts.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    /// <summary>The header says how much memory the reader takes: only our own shape is let through.</summary>
    private static bool IsOurs(ReadOnlySpan<byte> encoded) =>
        encoded.Length > HeaderLength
        && BinaryPrimitives.ReadInt32BigEndian(encoded[4..]) == encoded.Length - HeaderLength
        && BinaryPrimitives.ReadInt32BigEndian(encoded[12..]) == Digits
        && BinaryPrimitives.ReadInt64BigEndian(encoded[16..]) == 1
        && BinaryPrimitives.ReadInt64BigEndian(encoded[24..]) == Longest;

    private ulong Quantile(double percentile) => (ulong)_histogram.GetValueAtPercentile(percentile) * NanosecondsPerUnit;

    private byte[] Encode()
    {
        var buffer = ByteBuffer.Allocate(_histogram.GetNeededByteBufferCapacity());
        var length = _histogram.Encode(buffer, HistogramEncoderV2.Instance);
        buffer.Position = 0;
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = buffer.Get();
        }

        return bytes;
    }
}
