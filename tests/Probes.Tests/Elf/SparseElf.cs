using System.Buffers.Binary;
using System.Text;
using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tests.Elf;

/// <summary>
/// A large file that is almost all holes: a program whose every section is a symbol table over one table of names, which is
/// the rest of the file. Counts what is read of it.
/// </summary>
internal sealed class SparseElf(ulong length, ushort sections) : IFileBytes
{
    private const int SectionBytes = 64;
    private readonly byte[] _head = Head(length, sections);

    public ulong Length => length;

    public ulong BytesRead { get; private set; }

    public int Read(ulong offset, Span<byte> into)
    {
        if (offset >= length)
        {
            return 0;
        }

        var wanted = (int)Math.Min((ulong)into.Length, length - offset);
        BytesRead += (ulong)wanted;
        into[..wanted].Clear();
        if (offset < (ulong)_head.Length)
        {
            var there = _head.AsSpan((int)offset);
            there[..Math.Min(there.Length, wanted)].CopyTo(into);
        }

        return wanted;
    }

    /// <summary>The same as a real file, which takes some kilobytes of the disk.</summary>
    public void WriteTo(string path)
    {
        using var file = File.Create(path);
        file.Write(_head);
        file.SetLength((long)length);
    }

    private static byte[] Head(ulong length, ushort sections)
    {
        const uint Symbols = 2;
        var names = Encoding.ASCII.GetBytes("\0SSL_read\0SSL_write\0readline\0bash_initialize_history\0");
        var namesAt = SectionBytes + sections * SectionBytes;
        var head = new byte[namesAt + names.Length];
        ((ReadOnlySpan<byte>)[0x7f, .. "ELF"u8, 2, 1, 1]).CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(18), 62);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(40), SectionBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(58), SectionBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(60), sections);
        for (var i = 0; i < sections; i++)
        {
            var section = head.AsSpan(SectionBytes + i * SectionBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(section[4..], Symbols);
            BinaryPrimitives.WriteUInt64LittleEndian(section[24..], (ulong)namesAt);
            BinaryPrimitives.WriteUInt64LittleEndian(section[32..], length - (ulong)namesAt);
        }

        names.CopyTo(head, namesAt);
        return head;
    }
}
