using System.Buffers.Binary;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// The file that says where a spool begins and ends: two places that are written in turn, each with a number and a checksum, so that
/// one which is torn leaves the other. Written in place: it needs no space on a full disk. On disk when a write returns.
/// </summary>
internal sealed class SpoolHead : IDisposable
{
    private const int PlaceBytes = 512;
    private const int RecordBytes = sizeof(long) + (2 * SpoolMark.Bytes) + sizeof(uint);

    private readonly FileStream _file;
    private long _generation;

    public SpoolHead(string path)
    {
        _file = SpoolFolder.OpenFile(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[2 * PlaceBytes];
        _file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        foreach (var place in new[] { content.AsSpan(0, RecordBytes).ToArray(), content.AsSpan(PlaceBytes, RecordBytes).ToArray() })
        {
            Read(place);
        }
    }

    /// <summary>The oldest entry that waits, and the one that will come next; null when the file does not say.</summary>
    public (SpoolMark First, SpoolMark Next)? Marks { get; private set; }

    public void Write(SpoolMark first, SpoolMark next)
    {
        Marks = (first, next);
        _generation++;
        var place = new byte[PlaceBytes];
        BinaryPrimitives.WriteInt64LittleEndian(place, _generation);
        first.Write(place.AsSpan(sizeof(long)));
        next.Write(place.AsSpan(sizeof(long) + SpoolMark.Bytes));
        BinaryPrimitives.WriteUInt32LittleEndian(place.AsSpan(RecordBytes - sizeof(uint)), Crc32C.Of(place.AsSpan(0, RecordBytes - sizeof(uint))));
        RandomAccess.Write(_file.SafeFileHandle, place, _generation % 2 * PlaceBytes);
    }

    public void Dispose() => _file.Dispose();

    private void Read(ReadOnlySpan<byte> record)
    {
        var generation = BinaryPrimitives.ReadInt64LittleEndian(record);
        if (generation > _generation && BinaryPrimitives.ReadUInt32LittleEndian(record[^sizeof(uint)..]) == Crc32C.Of(record[..^sizeof(uint)]))
        {
            _generation = generation;
            Marks = (SpoolMark.Read(record[sizeof(long)..]), SpoolMark.Read(record[(sizeof(long) + SpoolMark.Bytes)..]));
        }
    }
}
