namespace EbpfActors.Probes.Net.Http;

/// <summary>
/// A request's start line as far as it was handed out: method and path, without query, fragment, scheme and host. Nothing in it
/// is trusted but that the kernel saw a token, a space and a line end.
/// </summary>
internal readonly ref struct RequestLine
{
    private RequestLine(ReadOnlySpan<byte> method, ReadOnlySpan<byte> path, bool isTruncated)
    {
        Method = method;
        Path = path;
        IsTruncated = isTruncated;
    }

    public ReadOnlySpan<byte> Method { get; }

    public ReadOnlySpan<byte> Path { get; }

    /// <summary>The path is longer than the limit, or than what was handed out.</summary>
    public bool IsTruncated { get; }

    /// <param name="line">From the first byte of the packet that began it: empty lines may stand in front.</param>
    /// <param name="isWhole">The line's end is in <paramref name="line"/>.</param>
    /// <param name="limit">Bytes of a path at most.</param>
    public static RequestLine Parse(ReadOnlySpan<byte> line, bool isWhole, int limit)
    {
        line = line.TrimStart("\r\n"u8);
        var space = line.IndexOf((byte)' ');
        var method = line[..Math.Max(space, 0)];
        var target = line[(space + 1)..].TrimStart((byte)' ');
        if (isWhole)
        {
            target = target.TrimEnd("\r\n"u8);
            // The version is the last word; a target with spaces in it is wrong, and kept as it came.
            target = target[..Math.Max(target.LastIndexOf((byte)' '), 0)].TrimEnd((byte)' ');
        }

        var path = PathOf(target, method, out var ends);
        var isCut = path.Length > limit;
        return new RequestLine(method, isCut ? CutWhole(path[..limit]) : path, isCut || (!isWhole && !ends));
    }

    private static ReadOnlySpan<byte> PathOf(ReadOnlySpan<byte> target, ReadOnlySpan<byte> method, out bool ends)
    {
        if (!target.StartsWith("/"u8) && !method.SequenceEqual("CONNECT"u8) && target.IndexOf("://"u8) is var scheme and > 0)
        {
            target = target[(scheme + 3)..];
            var slash = target.IndexOfAny("/?#"u8);
            target = slash < 0 || target[slash] != '/' ? "/"u8 : target[slash..];
        }

        var end = target.IndexOfAny("?#"u8);
        ends = end >= 0;
        return ends ? target[..end] : target;
    }

    /// <summary>Without the first bytes of a character whose rest was cut.</summary>
    private static ReadOnlySpan<byte> CutWhole(ReadOnlySpan<byte> text)
    {
        var end = text.Length;
        for (var back = 1; back <= 3 && back <= text.Length; back++)
        {
            var b = text[^back];
            if (b < 0x80)
            {
                break;
            }

            if (b >= 0xC0)
            {
                var need = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                end = back < need ? text.Length - back : end;
                break;
            }
        }

        return text[..end];
    }
}
