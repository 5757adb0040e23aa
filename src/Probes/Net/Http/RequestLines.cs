using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using CommunityToolkit.HighPerformance.Buffers;

namespace EbpfActors.Probes.Net.Http;

/// <summary>What a request's start line names. Text is valid UTF-8 without control characters; anything else cannot be shown as it was.</summary>
internal sealed record RequestName(string Method, string Path, bool IsTruncated, bool IsText = true)
{
    /// <summary>Of a request whose line is not known yet.</summary>
    public static readonly RequestName Unknown = new("", "", false);
}

/// <summary>
/// Reads start lines, and remembers the last ones: most requests of a host are the same few. Bounded: of the lines that fall on
/// one place the last two are kept, since two that took turns would each be read anew every time. Not thread-safe.
/// </summary>
internal sealed class RequestLines(int pathLength)
{
    private const int Places = 4096;
    private const int LongestKept = 256;

    private static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (byte)c), 127]);

    private readonly Known[] _known = new Known[Places];
    private readonly StringPool _strings = new(Places);
    private readonly long _seed = Random.Shared.NextInt64();

    /// <summary>Lines so far whose path is no text.</summary>
    public long NotText { get; private set; }

    /// <param name="line">From the first byte of the packet that began it: empty lines may stand in front.</param>
    /// <param name="isWhole">The line's end is in <paramref name="line"/>.</param>
    public RequestName Read(ReadOnlySpan<byte> line, bool isWhole)
    {
        var name = Find(line, isWhole);
        NotText += name.IsText ? 0 : 1;
        return name;
    }

    private RequestName Find(ReadOnlySpan<byte> line, bool isWhole)
    {
        if (line.Length > LongestKept)
        {
            return Parse(line, isWhole);
        }

        var place = XxHash3.HashToUInt64(line, _seed) % (Places / 2) * 2;
        ref var last = ref _known[place];
        ref var older = ref _known[place + 1];
        if (last.Is(line, isWhole))
        {
            return last.Name;
        }

        if (!older.Is(line, isWhole))
        {
            older = last;
            last = new Known(line.ToArray(), isWhole, Parse(line, isWhole));
            return last.Name;
        }

        return older.Name;
    }

    private RequestName Parse(ReadOnlySpan<byte> bytes, bool isWhole)
    {
        var line = RequestLine.Parse(bytes, isWhole, pathLength);
        return new RequestName(
            _strings.GetOrAdd(line.Method, Encoding.UTF8),
            _strings.GetOrAdd(line.Path, Encoding.UTF8),
            line.IsTruncated,
            IsText: Utf8.IsValid(line.Path) && !line.Path.ContainsAny(Controls));
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Known(byte[] Line, bool IsWhole, RequestName Name)
    {
        internal bool Is(ReadOnlySpan<byte> line, bool isWhole) => Name is not null && IsWhole == isWhole && line.SequenceEqual(Line);
    }
}
