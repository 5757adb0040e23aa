using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Looks into programs without TLS functions for strings that only a TLS library linked in leaves behind.</summary>
internal static class TlsTraces
{
    // Chromium, the largest program in common use, has some 30 MB of constants.
    private const ulong MaxBytes = 64UL << 20;

    private static readonly byte[][] Traces = ["BoringSSL"u8.ToArray(), "rustls-0."u8.ToArray(), "ssl/ssl_lib.c\0"u8.ToArray()];

    private static readonly string[] What = ["BoringSSL, linked in", "rustls", "OpenSSL, linked in without symbols"];

    /// <summary>Null when there is no trace within what is looked at.</summary>
    internal static string? Find(ElfImage image)
    {
        var found = What.Length;
        var left = MaxBytes;
        foreach (var (offset, size) in Constants(image))
        {
            var length = Math.Min(size, left);
            var first = Array.FindIndex(image.File.Search(offset, length, Traces, limit: 1), places => places.Count > 0);
            found = first < 0 ? found : Math.Min(found, first);
            left -= length;
        }

        return found < What.Length ? What[found] : null;
    }

    private static IEnumerable<(ulong Offset, ulong Size)> Constants(ElfImage image)
    {
        if (image.Section(".rodata") is { Size: > 0 } section)
        {
            yield return (section.Offset, section.Size);
            yield break;
        }

        foreach (var segment in image.Segments)
        {
            if (segment.IsReadOnlyData)
            {
                yield return (segment.Offset, segment.FileSize);
            }
        }
    }
}
