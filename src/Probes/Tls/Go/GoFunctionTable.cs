using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tls.Go;

/// <summary>
/// The pclntab of a Go program, versions 1.18 and newer: which function begins where. All offsets come from the file and are checked.
/// </summary>
internal sealed class GoFunctionTable
{
    private const int HeaderSize = 72;
    private const int EntrySize = 8;
    private const int MaxFunctions = 1 << 20;
    private const int MaxSpellings = 16;
    private const int Window = 1 << 16;
    private const uint Magic118 = 0xfffffff0;
    private const uint Magic120 = 0xfffffff1;

    private readonly ElfImage _image;
    private readonly ElfSection _section;
    private readonly ulong _names;
    private readonly ulong _files;
    private readonly ulong _functions;
    private readonly int _count;
    private readonly ulong _text;

    private GoFunctionTable(ElfImage image, ElfSection section, ReadOnlySpan<byte> header)
    {
        _image = image;
        _section = section;
        _count = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), MaxFunctions);
        var text = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        // Position independent programs get it from a relocation, newer ones do not store it.
        _text = text != 0 ? text : image.Section(".text")?.Address ?? 0;
        _names = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        _files = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        _functions = BinaryPrimitives.ReadUInt64LittleEndian(header[64..]);
    }

    internal static GoFunctionTable? Read(ElfImage image)
    {
        if ((image.Section(".gopclntab") ?? image.Section(".data.rel.ro.gopclntab")) is not { } section)
        {
            return null;
        }

        Span<byte> header = stackalloc byte[HeaderSize];
        return image.File.ReadExactly(section.Offset, header)
            && BinaryPrimitives.ReadUInt32LittleEndian(header) is Magic118 or Magic120
            && header[7] == sizeof(ulong)
            ? new GoFunctionTable(image, section, header)
            : null;
    }

    /// <summary>The function of that name, from its entry to the entry of the next one; null when there is none.</summary>
    internal ElfSymbol? Find(string name)
    {
        if (_names >= _files || _files > _section.Size || _functions > _section.Size)
        {
            return null;
        }

        var offsets = new HashSet<uint>();
        foreach (var at in _image.File.Search(_section.Offset + _names, _files - _names, Encoding.UTF8.GetBytes($"\0{name}\0"), MaxSpellings))
        {
            offsets.Add((uint)(at + 1 - _section.Offset - _names));
        }

        return offsets.Count == 0 ? null : FindNamed(offsets);
    }

    private ElfSymbol? FindNamed(HashSet<uint> names)
    {
        var size = (_count + 1) * EntrySize;
        if ((ulong)size > _section.Size - _functions)
        {
            return null;
        }

        var (table, window) = (ArrayPool<byte>.Shared.Rent(size), ArrayPool<byte>.Shared.Rent(Window));
        try
        {
            return _image.File.ReadExactly(_section.Offset + _functions, table.AsSpan(0, size))
                ? Walk(table.AsSpan(0, size), window.AsSpan(0, Window), names)
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(table);
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    private ElfSymbol? Walk(ReadOnlySpan<byte> table, Span<byte> window, HashSet<uint> names)
    {
        // The functions' records stand in the order of the table: each window serves thousands of them.
        var (windowAt, windowLength) = (0UL, 0);
        for (var i = 0; i < _count; i++)
        {
            var entry = BinaryPrimitives.ReadUInt32LittleEndian(table[(i * EntrySize)..]);
            var record = _functions + BinaryPrimitives.ReadUInt32LittleEndian(table[(i * EntrySize + 4)..]);
            if (record < windowAt || record + EntrySize > windowAt + (ulong)windowLength)
            {
                windowLength = record < _section.Size ? _image.File.Read(_section.Offset + record, window) : 0;
                windowAt = record;
                if (windowLength < EntrySize)
                {
                    return null;
                }
            }

            var bytes = window[(int)(record - windowAt)..];
            if (names.Contains(BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])) && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == entry)
            {
                var next = BinaryPrimitives.ReadUInt32LittleEndian(table[((i + 1) * EntrySize)..]);
                return next > entry && _image.CodeOffset(_text + entry) != null ? new ElfSymbol(_text + entry, next - entry) : null;
            }
        }

        return null;
    }
}
