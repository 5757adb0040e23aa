using System.Text;
using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tests.Elf;

/// <summary>A small program: code at 0x401000, which is 0x1000 in the file, and sections behind it.</summary>
internal sealed class ElfBuilder(byte[] text)
{
    private readonly List<(string Name, byte[] Bytes)> _sections = [(".text", text)];

    public ElfBuilder Section(string name, byte[] bytes)
    {
        _sections.Add((name, bytes));
        return this;
    }

    public ElfImage Read() => ElfImage.Read(new MemoryFile(Bytes()))!;

    public byte[] Bytes()
    {
        var names = new MemoryStream([.. Encoding.ASCII.GetBytes("\0" + string.Join('\0', _sections.Select(s => s.Name)) + "\0.shstrtab\0")]);
        var all = _sections.Append((Name: ".shstrtab", Bytes: names.ToArray())).ToList();
        var file = new byte[0x1000 + all.Sum(s => s.Bytes.Length) + (all.Count + 1) * 64];
        using var writer = new BinaryWriter(new MemoryStream(file));
        writer.Write([0x7f, .. "ELF"u8, 2, 1, 1, .. new byte[9]]);
        Write(writer, (ushort)2, (ushort)62, 1u, 0x401000UL, 64UL, (ulong)(file.Length - (all.Count + 1) * 64), 0u);
        Write(writer, (ushort)64, (ushort)56, (ushort)1, (ushort)64, (ushort)(all.Count + 1), (ushort)all.Count);
        Write(writer, 1u, 5u, 0x1000UL, 0x401000UL, 0x401000UL, (ulong)text.Length, (ulong)text.Length, 0x1000UL);
        var offset = 0x1000UL;
        foreach (var (_, bytes) in all)
        {
            bytes.CopyTo(file, (int)offset);
            offset += (ulong)bytes.Length;
        }

        writer.BaseStream.Position = (long)offset + 64;
        offset = 0x1000;
        var name = 1;
        foreach (var section in all)
        {
            Write(writer, (uint)name, 1u, 2UL, 0x400000 + offset, offset, (ulong)section.Bytes.Length, 0u, 0u, 1UL, 0UL);
            offset += (ulong)section.Bytes.Length;
            name += section.Name.Length + 1;
        }

        return file;
    }

    private static void Write(BinaryWriter writer, params ReadOnlySpan<object> numbers)
    {
        foreach (var number in numbers)
        {
            switch (number)
            {
                case ushort n: writer.Write(n); break;
                case uint n: writer.Write(n); break;
                case ulong n: writer.Write(n); break;
                default: throw new ArgumentException($"{number}", nameof(numbers));
            }
        }
    }
}
