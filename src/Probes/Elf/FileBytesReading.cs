using System.Buffers;
using System.Buffers.Binary;

namespace EbpfActors.Probes.Elf;

/// <summary>Bounded reading on top of <see cref="IFileBytes"/>.</summary>
internal static class FileBytesReading
{
    // A multiple of the size of a symbol: none lies across a border.
    private const int ChunkSize = 24 << 13;

    /// <summary>Receives a piece of the file at <paramref name="offset"/>; false ends the walk.</summary>
    internal delegate bool ChunkConsumer(ulong offset, ReadOnlySpan<byte> chunk);

    /// <summary>True when all of it was there.</summary>
    internal static bool ReadExactly(this IFileBytes file, ulong offset, Span<byte> into) => file.Read(offset, into) == into.Length;

    internal static uint ReadUInt32(this IFileBytes file, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        return file.ReadExactly(offset, bytes) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
    }

    /// <summary>
    /// Hands out a range piece by piece. The last <paramref name="overlap"/> bytes of a piece come again at the start of the next, so that
    /// what is that long at most and lies across the border is seen whole.
    /// </summary>
    internal static void ReadChunks(this IFileBytes file, ulong offset, ulong length, int overlap, ChunkConsumer consumer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            var end = offset + Math.Min(length, ulong.MaxValue - offset);
            while (offset < end)
            {
                var wanted = (int)Math.Min(ChunkSize, end - offset);
                var got = file.Read(offset, buffer.AsSpan(0, wanted));
                if (got == 0 || !consumer(offset, buffer.AsSpan(0, got)) || got < wanted || offset + (ulong)got >= end)
                {
                    return;
                }

                offset += (ulong)(got - overlap);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Where <paramref name="text"/> begins, each time, at most <paramref name="limit"/> times; offsets in the file.</summary>
    internal static List<ulong> Search(this IFileBytes file, ulong offset, ulong length, ReadOnlySpan<byte> text, int limit) =>
        file.Search(offset, length, [text.ToArray()], limit)[0];

    /// <summary>The same for several texts, none of them empty, with the file read once; a list for each.</summary>
    internal static List<ulong>[] Search(this IFileBytes file, ulong offset, ulong length, byte[][] texts, int limit)
    {
        var found = Array.ConvertAll(texts, _ => new List<ulong>());
        file.ReadChunks(offset, length, texts.Max(t => t.Length) - 1, (at, chunk) =>
        {
            for (var i = 0; i < texts.Length; i++)
            {
                SearchChunk(at, chunk, texts[i], limit, found[i]);
            }

            return found.Any(f => f.Count < limit);
        });
        return found;
    }

    private static void SearchChunk(ulong at, ReadOnlySpan<byte> chunk, byte[] text, int limit, List<ulong> found)
    {
        for (int next, from = 0; found.Count < limit && (next = chunk[from..].IndexOf(text)) >= 0; from += next + 1)
        {
            // A short one may lie in what comes twice.
            var place = at + (ulong)(from + next);
            if (found.Count == 0 || found[^1] < place)
            {
                found.Add(place);
            }
        }
    }
}
