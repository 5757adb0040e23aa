using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// A batch as one entry of the spool, little-endian: magic, CRC-32C of all that follows, time, points, length of the lines,
/// three lengths, then path, input, the length of every line (varint) and the gzip body. A line may hold a newline inside a
/// string, so the lengths are kept: the body alone does not tell where lines end.
/// </summary>
internal static class SpoolEntry
{
    private const uint Magic = 0x31504553;
    private const int HeaderBytes = 40;

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
        BinaryPrimitives.WriteUInt32LittleEndian(entry, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(8), batch.Written.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(16), batch.Points);
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(20), batch.Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(28), path.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(32), input.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(36), lengths.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), Crc(entry.AsSpan(8)));
        return entry;
    }

    /// <summary>What an index needs to know. False when a bit of the entry is wrong.</summary>
    public static bool TryReadHead(ReadOnlySpan<byte> entry, out PointEndpoint endpoint, out int points, out long bytes)
    {
        (endpoint, points, bytes) = (PointEndpoint.Netflow, 0, 0);
        if (entry.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(entry) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]) != Crc(entry[8..]))
        {
            return false;
        }

        var path = BinaryPrimitives.ReadInt32LittleEndian(entry[28..]);
        var input = BinaryPrimitives.ReadInt32LittleEndian(entry[32..]);
        points = BinaryPrimitives.ReadInt32LittleEndian(entry[16..]);
        bytes = BinaryPrimitives.ReadInt64LittleEndian(entry[20..]);
        endpoint = new PointEndpoint(
            Encoding.UTF8.GetString(entry.Slice(HeaderBytes, path)), Encoding.UTF8.GetString(entry.Slice(HeaderBytes + path, input)));
        return true;
    }

    /// <summary>The batch of an entry, or null when a bit of it is wrong.</summary>
    public static PointBatch? Decode(ReadOnlyMemory<byte> entry)
    {
        var head = entry.Span;
        if (!TryReadHead(head, out var endpoint, out var points, out _))
        {
            return null;
        }

        var names = BinaryPrimitives.ReadInt32LittleEndian(head[28..]) + BinaryPrimitives.ReadInt32LittleEndian(head[32..]);
        var varints = head.Slice(HeaderBytes + names, BinaryPrimitives.ReadInt32LittleEndian(head[36..]));
        var body = entry[(HeaderBytes + names + varints.Length)..];
        var lengths = new int[points];
        for (var i = 0; i < points; i++)
        {
            lengths[i] = ReadVarint(ref varints);
        }

        var written = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(head[8..]));
        return new PointBatch(endpoint, BatchBody.Decompress(body, lengths), written);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
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
