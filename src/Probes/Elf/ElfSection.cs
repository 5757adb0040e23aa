using System.Buffers.Binary;

namespace EbpfActors.Probes.Elf;

/// <summary>A section header.</summary>
/// <param name="Name">"" where the file does not say.</param>
/// <param name="Kind">One of SHT_*.</param>
/// <param name="Address">Virtual.</param>
/// <param name="Offset">In the file.</param>
/// <param name="Size">Bytes in the file.</param>
/// <param name="Link">Number of the section that belongs to it: for symbols that of their names.</param>
internal readonly record struct ElfSection(string Name, uint Kind, ulong Address, ulong Offset, ulong Size, uint Link)
{
    internal const uint Symbols = 2;
    internal const uint NoBits = 8;
    internal const uint DynamicSymbols = 11;

    internal static ElfSection Read(ReadOnlySpan<byte> bytes, string name)
    {
        var kind = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        return new(
            name,
            kind,
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            kind == NoBits ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[40..]));
    }
}
