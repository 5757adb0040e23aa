using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Hides what stands between BEGIN PRIVATE KEY and END, also when it comes line by line: then it remembers which shells are
/// inside a block. Not thread-safe.
/// </summary>
internal sealed class PrivateKeyBlocks
{
    private const int MostShells = 1024;

    /// <summary>A block that never ends is no block: a 16,384 bit RSA key has about 200 lines.</summary>
    private const int MostLines = 400;

    private static readonly Regex Begin = new("-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    private static readonly Regex End = new("-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private readonly Dictionary<uint, int> _linesLeft = [];

    public void Find(uint shell, SecretRanges found)
    {
        var at = 0;
        var isInside = _linesLeft.TryGetValue(shell, out var left);
        while (at <= found.Text.Length)
        {
            if (!isInside)
            {
                var begin = Begin.Match(found.Text, at);
                if (!begin.Success)
                {
                    return;
                }

                at = begin.Index + begin.Length;
                left = MostLines;
            }

            var end = End.Match(found.Text, at);
            found.Add(at, end.Success ? end.Index : found.Text.Length);
            if (!end.Success)
            {
                Remember(shell, left - 1);
                return;
            }

            _linesLeft.Remove(shell);
            isInside = false;
            at = end.Index + end.Length;
        }
    }

    private void Remember(uint shell, int linesLeft)
    {
        if (linesLeft <= 0)
        {
            _linesLeft.Remove(shell);
            return;
        }

        if (_linesLeft.Count >= MostShells && !_linesLeft.ContainsKey(shell))
        {
            _linesLeft.Remove(_linesLeft.Keys.First());
        }

        _linesLeft[shell] = linesLeft;
    }
}
