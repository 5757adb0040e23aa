using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Hides what stands between BEGIN PRIVATE KEY and END, also when it comes line by line: then it remembers which shells are
/// inside a block. A block has lines of base64 and headers; the first line that is neither ends it. Not thread-safe.
/// </summary>
internal sealed class PrivateKeyBlocks
{
    private const int MostShells = 1024;

    /// <summary>A block that never ends is no block: a 16,384 bit RSA key has about 200 lines.</summary>
    private const int MostLines = 400;

    private static readonly Regex Begin = TextSecrets.Compile("-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----");
    private static readonly Regex End = TextSecrets.Compile(@"\A[ \t]*-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----");
    private static readonly Regex Line = TextSecrets.Compile(@"\A[ \t]*(?:[A-Za-z0-9+/=]*|[A-Za-z][A-Za-z0-9\-]*: .*)\s*\z");

    /// <summary>A key in one line: its line ends are blanks or escapes.</summary>
    private static readonly Regex OneLine = TextSecrets.Compile(@"\A(?:[A-Za-z0-9+/=\s""']|\\+[nr])*-----END ");

    private readonly OfShells<int> _linesLeft = new(MostShells);

    /// <param name="shell">Who typed it.</param>
    /// <param name="found">Takes what is hidden.</param>
    /// <param name="from">Where the new line begins in the text.</param>
    public void Find(uint shell, SecretRanges found, int from)
    {
        var text = found.Text;
        var left = _linesLeft.Take(shell);
        for (var at = from; ;)
        {
            if (left == 0)
            {
                var begin = Begin.Match(text, at);
                if (!begin.Success)
                {
                    return;
                }

                at = begin.Index + begin.Length;
                if (FindOneLine(found, at) is var end and >= 0)
                {
                    at = end;
                    continue;
                }

                left = StartsKey(text, begin.Index) ? MostLines : 0;
            }

            at = FindLines(found, at, ref left);
            if (left > 0)
            {
                _linesLeft.Put(shell, left);
                return;
            }
        }
    }

    /// <summary>Where END begins; -1: something else comes first.</summary>
    private static int FindOneLine(SecretRanges found, int start)
    {
        foreach (var match in OneLine.EnumerateMatches(found.Text.AsSpan(start)))
        {
            var end = start + match.Length - "-----END ".Length;
            found.Add(start, end);
            return end;
        }

        return -1;
    }

    /// <summary>A key begins a line, a pasted text or a quoted one; elsewhere it is talked of.</summary>
    private static bool StartsKey(string text, int begin)
    {
        var before = text.AsSpan(0, begin);
        before = before[(before.LastIndexOf('\n') + 1)..].TrimEnd(" \t");
        return before is "" || before[^1] is '"' or '\'';
    }

    /// <summary>Hides the lines from <paramref name="start"/> on that belong to a key, and tells where they end.</summary>
    private static int FindLines(SecretRanges found, int start, ref int left)
    {
        var text = found.Text;
        var at = start;
        while (left > 0)
        {
            var length = text.AsSpan(at).IndexOf('\n');
            var line = length < 0 ? text.AsSpan(at) : text.AsSpan(at, length);
            if (End.IsMatch(line) || !Line.IsMatch(line))
            {
                left = 0;
                break;
            }

            left--;
            at += line.Length;
            if (length < 0)
            {
                break;
            }

            at++;
        }

        found.Add(start, at);
        return at;
    }
}
