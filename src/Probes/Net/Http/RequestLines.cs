using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using CommunityToolkit.HighPerformance.Buffers;

namespace EbpfActors.Probes.Net.Http;

/// <summary>What a request's start line names; the path as <see cref="PathText"/> has it.</summary>
internal sealed record RequestName(string Method, string Path, bool IsTruncated)
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

    private readonly Known[] _known = new Known[Places];
    private readonly StringPool _strings = new(Places);
    private readonly long _seed = Random.Shared.NextInt64();

    /// <param name="line">From the first byte of the packet that began it: empty lines may stand in front.</param>
    /// <param name="isWhole">The line's end is in <paramref name="line"/>.</param>
    public RequestName Read(ReadOnlySpan<byte> line, bool isWhole)
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
            PathText.IsPlain(line.Path) ? _strings.GetOrAdd(line.Path, Encoding.ASCII) : _strings.GetOrAdd(PathText.Of(line.Path)),
            line.IsTruncated);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Known(byte[] Line, bool IsWhole, RequestName Name)
    {
        internal bool Is(ReadOnlySpan<byte> line, bool isWhole) => Name is not null && IsWhole == isWhole && line.SequenceEqual(Line);
    }
}
