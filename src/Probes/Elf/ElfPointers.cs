using System.Buffers.Binary;

namespace EbpfActors.Probes.Elf;

/// <summary>Pointers in a library's data as the loader leaves them.</summary>
internal static class ElfPointers
{
    private const int EntrySize = 24;
    private const uint Relative = 8; // R_X86_64_RELATIVE
    private const ulong MaxTable = 16 << 20;

    /// <summary>The virtual address that a relocation puts at another one; 0 when none does.</summary>
    internal static ulong Read(ElfImage image, ulong address)
    {
        ulong found = 0;
        if (image.Section(".rela.dyn") is { Size: <= MaxTable } table)
        {
            image.File.ReadChunks(table.Offset, table.Size - (table.Size % EntrySize), 0, (_, chunk) =>
            {
                for (var rest = chunk; rest.Length >= EntrySize; rest = rest[EntrySize..])
                {
                    if (BinaryPrimitives.ReadUInt64LittleEndian(rest) == address && BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]) == Relative)
                    {
                        found = BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]);
                        return false;
                    }
                }

                return true;
            });
        }

        return found;
    }
}
