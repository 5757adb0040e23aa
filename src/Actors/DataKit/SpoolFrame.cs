using System.Buffers.Binary;

namespace EbpfActors.Actors.DataKit;

/// <summary>A place in the order of all entries that a spool ever took: the number of an entry, and how many points came before it.</summary>
internal readonly record struct SpoolMark(long Sequence, long Before)
{
    public const int Bytes = 2 * sizeof(long);

    public static SpoolMark Start => new(1, 0);

    public SpoolMark Behind(int points) => new(Sequence + 1, Before + points);

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(to[sizeof(long)..], Before);
    }

    public static SpoolMark Read(ReadOnlySpan<byte> from) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[sizeof(long)..]));
}

/// <summary>
/// What stands before each entry on disk: a magic by which it is found again behind damage, its place, the oldest entry that waited
/// when it was written, points, length and checksum of the body, and a checksum of all that, little-endian.
/// </summary>
internal readonly record struct SpoolFrame(SpoolMark Mark, SpoolMark First, int Points, int Length, uint BodyCrc)
{
    public const int HeaderBytes = 56;

    private const int CrcAt = HeaderBytes - sizeof(uint);

    /// <summary>Eight bytes that nothing else is likely to hold.</summary>
    private static ReadOnlySpan<byte> Magic => [0xE5, 0x70, 0x6F, 0x6F, 0x6C, 0x1B, 0xD3, 0x92];

    /// <summary>Header and body.</summary>
    public static byte[] Encode(SpoolMark mark, SpoolMark first, int points, byte[] body)
    {
        byte[] entry = [.. Magic, .. new byte[HeaderBytes - Magic.Length], .. body];
        mark.Write(entry.AsSpan(8));
        first.Write(entry.AsSpan(24));
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(40), points);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(44), body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(48), Crc32C.Of(body));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(CrcAt), Crc32C.Of(entry.AsSpan(0, CrcAt)));
        return entry;
    }

    /// <summary>The next header without a wrong bit, and where it begins; null when there is none.</summary>
    public static SpoolFrame? Find(ReadOnlySpan<byte> log, ref int at)
    {
        while (at + HeaderBytes <= log.Length && log[at..].IndexOf(Magic) is var skipped and >= 0)
        {
            at += skipped;
            if (TryRead(log[at..]) is { } frame)
            {
                return frame;
            }

            at++;
        }

        return null;
    }

    /// <summary>The body behind the header that starts there; empty when a bit of it is wrong or missing.</summary>
    public ReadOnlySpan<byte> Body(ReadOnlySpan<byte> entry) =>
        entry.Length >= HeaderBytes + Length && Crc32C.Of(entry.Slice(HeaderBytes, Length)) == BodyCrc ? entry.Slice(HeaderBytes, Length) : [];

    public static SpoolFrame? TryRead(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < HeaderBytes || !entry.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(entry[CrcAt..]) != Crc32C.Of(entry[..CrcAt]))
        {
            return null;
        }

        var (points, length) = (BinaryPrimitives.ReadInt32LittleEndian(entry[40..]), BinaryPrimitives.ReadInt32LittleEndian(entry[44..]));
        return points <= 0 || length <= 0
            ? null
            : new SpoolFrame(SpoolMark.Read(entry[8..]), SpoolMark.Read(entry[24..]), points, length, BinaryPrimitives.ReadUInt32LittleEndian(entry[48..]));
    }
}
