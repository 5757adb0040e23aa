using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>A secret that a pattern finds wherever it stands.</summary>
/// <param name="Regex">Its group <c>secret</c> is hidden, else its first group, else all that matches.</param>
/// <param name="IsSecret">Whether a match is one; null: each is.</param>
internal sealed record SecretPattern(Regex Regex, Func<Match, bool>? IsSecret = null)
{
    public const string Secret = "secret";
    public const string Name = "name";

    public void Find(SecretRanges found)
    {
        for (var match = Regex.Match(found.Text); match.Success;)
        {
            var isSecret = IsSecret?.Invoke(match) ?? true;
            if (isSecret)
            {
                var secret = match.Groups.TryGetValue(Secret, out var named) && named.Success ? named : match.Groups.Count > 1 ? match.Groups[1] : match;
                found.AddValue(secret.Index, secret.Index + secret.Length);
            }

            // A value that is none may hold others: JSON within JSON.
            match = isSecret ? match.NextMatch() : Regex.Match(found.Text, Math.Min(found.Text.Length, After(match)));
        }
    }

    private static int After(Match match) =>
        match.Groups.TryGetValue(Name, out var name) && name.Success ? name.Index + name.Length : Math.Max(match.Index + 1, match.Index + match.Length);
}
