namespace EbpfActors.Agent.Configuration.Values;

/// <summary>What somebody who wrote an unknown word may have meant.</summary>
internal static class Suggestion
{
    /// <summary>The nearest word, or all words when none is near.</summary>
    public static string For(string wrong, IReadOnlyList<string> words) => For(wrong, words, words);

    /// <summary>The same, where there are too many words to list them all.</summary>
    public static string For(string wrong, IReadOnlyList<string> words, IReadOnlyList<string> listed) =>
        Nearest(wrong, words) is { } near ? $"did you mean {near}?" : $"use {string.Join(", ", listed)}";

    public static string? Nearest(string wrong, IEnumerable<string> words)
    {
        var best = words.Select(w => (Word: w, Distance: Distance(wrong, w))).MinBy(p => p.Distance);
        return best.Word is not null && best.Distance <= Math.Max(1, Math.Min(3, wrong.Length / 2)) ? best.Word : null;
    }

    /// <summary>Levenshtein's distance, letter case and the kind of dash aside.</summary>
    private static int Distance(string a, string b)
    {
        var (from, to) = (Plain(a), Plain(b));
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }

    private static string Plain(string text) => text.Trim().ToLowerInvariant().Replace('-', '_');
}
