using EbpfActors.Probes.Elf;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>Looks into programs without TLS functions for strings that only a TLS library linked in leaves behind.</summary>
internal static class TlsTraces
{
    // Chromium, the largest program in common use, has some 30 MB of constants.
    private const ulong MaxBytes = 64UL << 20;

    private static readonly (byte[] Text, string What)[] Traces =
    [
        ("BoringSSL"u8.ToArray(), "BoringSSL, linked in"),
        ("rustls-0."u8.ToArray(), "rustls"),
        ("ssl/ssl_lib.c\0"u8.ToArray(), "OpenSSL, linked in without symbols"),
    ];

    /// <summary>Null when there is no trace within what is looked at.</summary>
    internal static string? Find(ElfImage image)
    {
        foreach (var (text, what) in Traces)
        {
            var left = MaxBytes;
            foreach (var (offset, size) in Constants(image))
            {
                var length = Math.Min(size, left);
                if (image.File.Search(offset, length, text, limit: 1).Count > 0)
                {
                    return what;
                }

                left -= length;
            }
        }

        return null;
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
