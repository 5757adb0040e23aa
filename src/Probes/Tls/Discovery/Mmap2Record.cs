using System.Buffers.Binary;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Reads the records of perf events (linux/perf_event.h) that discovery asks for.</summary>
internal static class Mmap2Record
{
    internal const uint Mmap2 = 10;
    internal const uint Lost = 2;
    internal const int HeaderSize = 8;
    private const int PathOffset = 72;

    internal static uint Kind(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record);

    /// <summary>How many records the kernel had no room for; 0 when the record is too short to say.</summary>
    internal static ulong LostRecords(ReadOnlySpan<byte> record) =>
        record.Length >= 24 ? BinaryPrimitives.ReadUInt64LittleEndian(record[16..]) : 0;

    /// <summary>False for memory without a file and for what is no such record.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> record, out Mapping mapping)
    {
        mapping = default;
        if (record.Length <= PathOffset)
        {
            return false;
        }

        var path = record[PathOffset..];
        var end = path.IndexOf((byte)0);
        var start = BinaryPrimitives.ReadUInt64LittleEndian(record[16..]);
        var inode = BinaryPrimitives.ReadUInt64LittleEndian(record[48..]);
        mapping = new(
            BinaryPrimitives.ReadInt32LittleEndian(record[8..]),
            start,
            start + BinaryPrimitives.ReadUInt64LittleEndian(record[24..]),
            FileIdentity.Of(
                BinaryPrimitives.ReadUInt32LittleEndian(record[40..]), BinaryPrimitives.ReadUInt32LittleEndian(record[44..]), inode),
            BinaryPrimitives.ReadUInt64LittleEndian(record[56..]),
            end < 0 ? path : path[..end])
        { Offset = BinaryPrimitives.ReadUInt64LittleEndian(record[32..]) };
        return inode != 0 && mapping.Path.Length > 1 && mapping.Path[0] == '/' && mapping.Path[1] != '/';
    }
}
