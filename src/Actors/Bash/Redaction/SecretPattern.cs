using System.Buffers;
using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>A secret that a pattern finds wherever it stands.</summary>
/// <param name="Regex">Its group <c>secret</c> is hidden, else its first group, else all that matches.</param>
/// <param name="IsSecret">Whether a match is one; null: each is.</param>
internal sealed record SecretPattern(Regex Regex, Func<Match, bool>? IsSecret = null)
{
    public const string Secret = "secret";
    public const string Name = "name";

    /// <summary>The secret ends no later than the shell's word: an operator that is not quoted is none of it.</summary>
    public bool EndsWithWord { get; init; }

    /// <summary>The secret is what stands behind the match, up to one of these. So it is read only where it is one.</summary>
    public SearchValues<char>? Ends { get; init; }

    public void Find(SecretRanges found)
    {
        for (var match = Regex.Match(found.Text); match.Success;)
        {
            var isSecret = IsSecret?.Invoke(match) ?? true;
            if (isSecret)
            {
                var (start, end) = PlaceOf(match, found.Text);
                found.AddValue(start, end, EndsWithWord);
            }

            // A value that is none may hold others: JSON within JSON.
            match = isSecret ? match.NextMatch() : Regex.Match(found.Text, Math.Min(found.Text.Length, After(match)));
        }
    }

    private (int Start, int End) PlaceOf(Match match, string text)
    {
        if (Ends is { } ends)
        {
            var start = match.Index + match.Length;
            var length = text.AsSpan(start).IndexOfAny(ends);
            return (start, length < 0 ? text.Length : start + length);
        }

        var secret = match.Groups.TryGetValue(Secret, out var named) && named.Success ? named : match.Groups.Count > 1 ? match.Groups[1] : match;
        return (secret.Index, secret.Index + secret.Length);
    }

    private static int After(Match match) =>
        match.Groups.TryGetValue(Name, out var name) && name.Success ? name.Index + name.Length : Math.Max(match.Index + 1, match.Index + match.Length);
}
