using System.Buffers.Binary;

namespace EbpfActors.Probes.Elf;

/// <summary>A program header.</summary>
internal readonly record struct ElfSegment(uint Kind, uint Flags, ulong Offset, ulong Address, ulong FileSize)
{
    internal const uint Load = 1;
    internal const uint Interpreter = 3;
    private const uint Executable = 1;
    private const uint Writable = 2;

    internal bool IsCode => Kind == Load && (Flags & Executable) != 0;

    internal bool IsReadOnlyData => Kind == Load && (Flags & Writable) == 0;

    internal static ElfSegment Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
}
