using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tests.Elf;

/// <summary>A file of bytes.</summary>
internal sealed class MemoryFile(byte[] bytes) : IFileBytes
{
    public ulong Length => (ulong)bytes.Length;

    public int Read(ulong offset, Span<byte> into)
    {
        if (offset >= Length)
        {
            return 0;
        }

        var from = bytes.AsSpan((int)offset);
        from = from[..Math.Min(from.Length, into.Length)];
        from.CopyTo(into);
        return from.Length;
    }
}
