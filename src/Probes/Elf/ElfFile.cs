using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Probes.Elf;

/// <summary>
/// The function symbols and loaded segments of one 64-bit little-endian ELF file, read when they are asked for. The file may
/// be anything that somebody mapped: every offset is checked, every table is bounded, and what does not fit is not there.
/// </summary>
internal sealed class ElfFile
{
    private const int HeaderBytes = 64;
    private const int SectionBytes = 64;
    private const int SegmentBytes = 56;
    private const int SymbolBytes = 24;
    private const int MostSections = 4096;
    private const int MostSegments = 256;
    private const int MostTableBytes = 64 << 20;
    private const uint SymbolTable = 2;
    private const uint DynamicSymbols = 11;
    private const uint Load = 1;
    private const int FunctionType = 2;
    private const int IndirectFunctionType = 10;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly byte[] _sections;
    private readonly byte[] _segments;
    private readonly Dictionary<uint, Table?> _tables = [];

    private ElfFile(SafeFileHandle file, long length, byte[] sections, byte[] segments) =>
        (_file, _length, _sections, _segments) = (file, length, sections, segments);

    /// <summary>Null for everything that is not a 64-bit little-endian ELF file with sections. The handle stays the caller's.</summary>
    public static ElfFile? TryOpen(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (!TryRead(file, length, 0, header) || !header.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }

        var segments = TryReadTable(file, length, U64(header, 32), U16(header, 54), SegmentBytes, U16(header, 56), MostSegments);
        var sections = TryReadTable(file, length, U64(header, 40), U16(header, 58), SectionBytes, U16(header, 60), MostSections);
        return segments is null || sections is null ? null : new ElfFile(file, length, sections, segments);
    }

    /// <summary>A function that the file defines, by its name in the dynamic symbols or else in the full ones.</summary>
    public ElfSymbol? FindFunction(ReadOnlySpan<byte> name) => Find(DynamicSymbols, name, isDefined: true) ?? Find(SymbolTable, name, isDefined: true);

    /// <summary>The same, in the dynamic symbols only: they are few, and stripping leaves them.</summary>
    public ElfSymbol? FindExportedFunction(ReadOnlySpan<byte> name) => Find(DynamicSymbols, name, isDefined: true);

    /// <summary>Whether another file has to define this.</summary>
    public bool Imports(ReadOnlySpan<byte> name) => Find(DynamicSymbols, name, isDefined: false) is not null;

    /// <summary>The bytes of a function; empty when they are not all in the file, or more than <paramref name="most"/>.</summary>
    public byte[] ReadCode(in ElfSymbol function, int most)
    {
        if (function.Size == 0 || function.Size > (ulong)most)
        {
            return [];
        }

        var code = new byte[function.Size];
        return TryRead(_file, _length, function.FileOffset, code) ? code : [];
    }

    private ElfSymbol? Find(uint kind, ReadOnlySpan<byte> name, bool isDefined)
    {
        if (FindTable(kind) is not { } table)
        {
            return null;
        }

        var symbols = table.Symbols.AsSpan();
        for (var at = 0; at + SymbolBytes <= symbols.Length; at += SymbolBytes)
        {
            var symbol = symbols.Slice(at, SymbolBytes);
            if ((U16(symbol, 6) != 0) == isDefined && NameIs(table.Names, U32(symbol, 0), name))
            {
                if (!isDefined)
                {
                    return default(ElfSymbol);
                }

                if ((symbol[4] & 15) is FunctionType or IndirectFunctionType && FileOffset(U64(symbol, 8)) is { } offset)
                {
                    return new ElfSymbol(U64(symbol, 8), U64(symbol, 16), offset);
                }
            }
        }

        return null;
    }

    private ulong? FileOffset(ulong address)
    {
        for (var at = 0; at < _segments.Length; at += SegmentBytes)
        {
            var segment = _segments.AsSpan(at, SegmentBytes);
            if (U32(segment, 0) == Load && address >= U64(segment, 16) && address - U64(segment, 16) < U64(segment, 32))
            {
                return U64(segment, 8) + (address - U64(segment, 16));
            }
        }

        return null;
    }

    private Table? FindTable(uint kind)
    {
        ref var table = ref CollectionsMarshal.GetValueRefOrAddDefault(_tables, kind, out var known);
        return known ? table : table = ReadSymbols(kind);
    }

    private Table? ReadSymbols(uint kind)
    {
        for (var at = 0; at < _sections.Length; at += SectionBytes)
        {
            var section = _sections.AsSpan(at, SectionBytes);
            if (U32(section, 4) == kind && ReadSection(section) is { } symbols
                && U32(section, 40) < (uint)(_sections.Length / SectionBytes)
                && ReadSection(_sections.AsSpan((int)U32(section, 40) * SectionBytes, SectionBytes)) is { } names)
            {
                return new Table(symbols, names);
            }
        }

        return null;
    }

    private byte[]? ReadSection(ReadOnlySpan<byte> section)
    {
        var size = U64(section, 32);
        if (size > MostTableBytes || size > (ulong)_length)
        {
            return null;
        }

        var bytes = new byte[size];
        return TryRead(_file, _length, U64(section, 24), bytes) ? bytes : null;
    }

    private static bool NameIs(ReadOnlySpan<byte> names, uint at, ReadOnlySpan<byte> name) =>
        at < (uint)names.Length && names[(int)at..].StartsWith(name) && at + name.Length < names.Length && names[(int)at + name.Length] == 0;

    private static byte[]? TryReadTable(SafeFileHandle file, long length, ulong offset, int entryBytes, int wanted, int count, int most)
    {
        if (count == 0)
        {
            return [];
        }

        if (entryBytes != wanted || count > most)
        {
            return null;
        }

        var bytes = new byte[count * wanted];
        return TryRead(file, length, offset, bytes) ? bytes : null;
    }

    private static bool TryRead(SafeFileHandle file, long length, ulong offset, Span<byte> to)
    {
        if (offset > (ulong)length || (ulong)to.Length > (ulong)length - offset)
        {
            return false;
        }

        for (var at = 0; at < to.Length;)
        {
            var got = RandomAccess.Read(file, to[at..], (long)offset + at);
            if (got == 0)
            {
                return false; // it became shorter
            }

            at += got;
        }

        return true;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private sealed record Table(byte[] Symbols, byte[] Names);
}

/// <summary>A defined function: its address in memory before relocation, its length in bytes (0: unknown), its place in the file.</summary>
internal readonly record struct ElfSymbol(ulong Address, ulong Size, ulong FileOffset);
