using System.IO.Compression;

namespace EbpfActors.Actors.DataKit;

/// <summary>The body of a request: the lines, a newline behind each, gzip (fastest).</summary>
internal static class BatchBody
{
    public static byte[] Compress(PointBatch batch)
    {
        using var body = new MemoryStream((int)Math.Min(batch.Bytes / 3, 1 << 20) + 64);
        using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var line in batch.Lines)
            {
                gzip.Write(line);
                gzip.WriteByte((byte)'\n');
            }
        }

        return body.ToArray();
    }

    /// <summary>The lines of a body, whose lengths (without the newline) are known. Throws <see cref="InvalidDataException"/>.</summary>
    public static byte[][] Decompress(ReadOnlyMemory<byte> body, ReadOnlySpan<int> lengths)
    {
        using var gzip = new GZipStream(new MemoryStream(body.ToArray(), writable: false), CompressionMode.Decompress);
        var lines = new byte[lengths.Length][];
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = new byte[lengths[i]];
            if (gzip.ReadAtLeast(lines[i], lengths[i], throwOnEndOfStream: false) < lengths[i] || gzip.ReadByte() != '\n')
            {
                throw new InvalidDataException("the body of a spooled batch does not match its line lengths");
            }
        }

        return lines;
    }
}
