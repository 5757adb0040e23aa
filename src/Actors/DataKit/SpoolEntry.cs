using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// A batch as the body of an entry of the spool, little-endian: time, points, length of the lines, three lengths, then path, input, the
/// length of every line (varint) and the gzip body. A line may hold a newline inside a string, so the lengths are kept: the body alone
/// does not tell where lines end. Damage is found by the checksum of the frame around it.
/// </summary>
internal static class SpoolEntry
{
    private const int HeaderBytes = 32;

    public static byte[] Encode(PointBatch batch)
    {
        var path = Encoding.UTF8.GetBytes(batch.Endpoint.Path);
        var input = Encoding.UTF8.GetBytes(batch.Endpoint.Input);
        var lengths = new ArrayBufferWriter<byte>(batch.Points * 2);
        foreach (var line in batch.Lines)
        {
            WriteVarint(lengths, line.Length);
        }

        byte[] entry = [.. new byte[HeaderBytes], .. path, .. input, .. lengths.WrittenSpan, .. BatchBody.Compress(batch)];
        BinaryPrimitives.WriteInt64LittleEndian(entry, batch.Written.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(8), batch.Points);
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(12), batch.Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(20), path.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(24), input.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(28), lengths.WrittenCount);
        return entry;
    }

    /// <summary>What an index needs to know. False when there is no entry.</summary>
    public static bool TryReadHead(ReadOnlySpan<byte> entry, out PointEndpoint endpoint, out long bytes)
    {
        (endpoint, bytes) = (PointEndpoint.Netflow, 0);
        if (entry.Length < HeaderBytes)
        {
            return false;
        }

        var path = BinaryPrimitives.ReadInt32LittleEndian(entry[20..]);
        var input = BinaryPrimitives.ReadInt32LittleEndian(entry[24..]);
        bytes = BinaryPrimitives.ReadInt64LittleEndian(entry[12..]);
        endpoint = new PointEndpoint(
            Encoding.UTF8.GetString(entry.Slice(HeaderBytes, path)), Encoding.UTF8.GetString(entry.Slice(HeaderBytes + path, input)));
        return true;
    }

    /// <summary>The batch of an entry. Throws <see cref="InvalidDataException"/> when its body is none.</summary>
    public static PointBatch Decode(ReadOnlyMemory<byte> entry)
    {
        var head = entry.Span;
        TryReadHead(head, out var endpoint, out _);
        var names = BinaryPrimitives.ReadInt32LittleEndian(head[20..]) + BinaryPrimitives.ReadInt32LittleEndian(head[24..]);
        var varints = head.Slice(HeaderBytes + names, BinaryPrimitives.ReadInt32LittleEndian(head[28..]));
        var body = entry[(HeaderBytes + names + varints.Length)..];
        var lengths = new int[BinaryPrimitives.ReadInt32LittleEndian(head[8..])];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = ReadVarint(ref varints);
        }

        var written = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(head));
        return new PointBatch(endpoint, BatchBody.Decompress(body, lengths), written);
    }

    private static void WriteVarint(ArrayBufferWriter<byte> to, int value)
    {
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
        {
            to.Write([(byte)(rest | 0x80)]);
        }

        to.Write([(byte)rest]);
    }

    private static int ReadVarint(ref ReadOnlySpan<byte> from)
    {
        var value = 0;
        var shift = 0;
        byte one;
        do
        {
            one = from[0];
            from = from[1..];
            value |= (one & 0x7F) << shift;
            shift += 7;
        }
        while (one >= 0x80);

        return value;
    }
}
