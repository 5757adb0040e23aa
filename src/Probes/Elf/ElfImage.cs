using System.Buffers.Binary;
using System.Text;

namespace EbpfActors.Probes.Elf;

/// <summary>
/// The segments and sections of a 64-bit x86 ELF file. Whatever the headers claim, nothing outside the file is read and no table beyond
/// its limit is believed.
/// </summary>
internal sealed class ElfImage
{
    private const int HeaderSize = 64;
    private const int SegmentSize = 56;
    private const int SectionSize = 64;
    private const int MaxSegments = 128;
    private const int MaxSections = 4096;
    private const int MaxNames = 1 << 16;
    private const int MaxName = 64;
    private const ushort MachineX64 = 62;
    private const ushort TypeExecutable = 2;
    private const ushort TypeShared = 3;

    private readonly List<ElfSection> _sections = [];
    private readonly List<ElfSegment> _segments = [];

    private ElfImage(IFileBytes file, ushort type, ulong entry)
    {
        File = file;
        Type = type;
        Entry = entry;
    }

    internal IFileBytes File { get; }

    internal IReadOnlyList<ElfSegment> Segments => _segments;

    internal IReadOnlyList<ElfSection> Sections => _sections;

    /// <summary>False for a shared library. A library that can be run (libc) is a program too.</summary>
    internal bool IsProgram => Type == TypeExecutable || _segments.Exists(s => s.Kind == ElfSegment.Interpreter);

    /// <summary>The virtual address at which a program begins; 0 in most libraries.</summary>
    internal ulong Entry { get; }

    private ushort Type { get; }

    /// <summary>Null when it is no 64-bit little-endian x86 program or shared library.</summary>
    internal static ElfImage? Read(IFileBytes file)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (!file.ReadExactly(0, header) || !header.StartsWith("\x7f"u8) || !header[1..].StartsWith("ELF\x02\x01"u8))
        {
            return null;
        }

        var type = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]);
        if (type is not (TypeExecutable or TypeShared) || BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != MachineX64)
        {
            return null;
        }

        var image = new ElfImage(file, type, BinaryPrimitives.ReadUInt64LittleEndian(header[24..]));
        image.ReadSegments(header);
        image.ReadSections(header);
        return image;
    }

    internal ElfSection? Section(string name)
    {
        foreach (var section in _sections)
        {
            if (section.Name == name)
            {
                return section;
            }
        }

        return null;
    }

    /// <summary>The first section of a kind; null when there is none.</summary>
    internal ElfSection? First(uint kind)
    {
        foreach (var section in _sections)
        {
            if (section.Kind == kind)
            {
                return section;
            }
        }

        return null;
    }

    /// <summary>Where the code at a virtual address stands in the file; null when no executable segment holds it.</summary>
    internal ulong? CodeOffset(ulong address)
    {
        foreach (var segment in _segments)
        {
            if (segment.IsCode && address >= segment.Address && address - segment.Address < segment.FileSize)
            {
                return segment.Offset + (address - segment.Address);
            }
        }

        return null;
    }

    /// <summary>Up to <paramref name="length"/> bytes of code at a virtual address, less at the end of its segment, none outside.</summary>
    internal byte[] Code(ulong address, int length)
    {
        foreach (var segment in _segments)
        {
            if (segment.IsCode && address >= segment.Address && address - segment.Address < segment.FileSize)
            {
                var bytes = new byte[(int)Math.Min((ulong)length, segment.FileSize - (address - segment.Address))];
                var got = File.Read(segment.Offset + (address - segment.Address), bytes);
                return bytes[..got];
            }
        }

        return [];
    }

    private void ReadSegments(ReadOnlySpan<byte> header)
    {
        var table = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[54..]) != SegmentSize || count > MaxSegments)
        {
            return;
        }

        var bytes = new byte[count * SegmentSize];
        if (!File.ReadExactly(table, bytes))
        {
            return;
        }

        for (ReadOnlySpan<byte> rest = bytes; rest.Length > 0; rest = rest[SegmentSize..])
        {
            var segment = ElfSegment.Read(rest);
            if (segment.Offset + segment.FileSize >= segment.Offset && segment.Offset + segment.FileSize <= File.Length)
            {
                _segments.Add(segment);
            }
        }
    }

    private void ReadSections(ReadOnlySpan<byte> header)
    {
        var table = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
        var names = BinaryPrimitives.ReadUInt16LittleEndian(header[62..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[58..]) != SectionSize || count > MaxSections || names >= count)
        {
            return;
        }

        var bytes = new byte[count * SectionSize];
        if (!File.ReadExactly(table, bytes))
        {
            return;
        }

        var texts = ReadNames(ElfSection.Read(bytes.AsSpan(names * SectionSize), ""));
        for (ReadOnlySpan<byte> rest = bytes; rest.Length > 0; rest = rest[SectionSize..])
        {
            var section = ElfSection.Read(rest, Text(texts, BinaryPrimitives.ReadUInt32LittleEndian(rest)));
            // Kept even when it lies outside the file: others refer to sections by their number.
            var inside = section.Offset + section.Size >= section.Offset && section.Offset + section.Size <= File.Length;
            _sections.Add(inside ? section : section with { Size = 0 });
        }
    }

    private byte[] ReadNames(ElfSection section)
    {
        var bytes = new byte[(int)Math.Min(section.Size, MaxNames)];
        return File.ReadExactly(section.Offset, bytes) ? bytes : [];
    }

    private static string Text(ReadOnlySpan<byte> texts, uint offset)
    {
        if (offset >= texts.Length)
        {
            return "";
        }

        // Thousands of sections may share one name, and that may be as long as the table.
        var text = texts.Slice((int)offset, Math.Min(texts.Length - (int)offset, MaxName));
        var end = text.IndexOf((byte)0);
        return end < 0 ? "" : Encoding.Latin1.GetString(text[..end]);
    }
}
