using System.Text;
using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tls.Go;

/// <summary>The version of Go that built a program, as it says itself in .go.buildinfo (since Go 1.13; in plain text since 1.18).</summary>
internal static class GoBuildInfo
{
    internal const string SectionName = ".go.buildinfo";
    private const int HeaderSize = 32;
    private const int MaxVersion = 64;
    private const byte InlineStrings = 2;

    /// <summary>Such as <c>go1.22.3</c>; "" when it is a Go program that does not say; null when it is none.</summary>
    internal static string? Version(ElfImage image)
    {
        if (image.Section(SectionName) is not { } section)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[HeaderSize + 1 + MaxVersion];
        bytes = bytes[..image.File.Read(section.Offset, bytes)];
        if (bytes.Length <= HeaderSize || !bytes[1..].StartsWith(" Go buildinf:"u8) || bytes[0] != 0xff)
        {
            return null;
        }

        var length = bytes[HeaderSize];
        return (bytes[15] & InlineStrings) != 0 && length < MaxVersion && HeaderSize + 1 + length <= bytes.Length
            ? Encoding.Latin1.GetString(bytes.Slice(HeaderSize + 1, length))
            : "";
    }
}
