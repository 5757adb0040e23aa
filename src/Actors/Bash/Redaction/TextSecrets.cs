using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Secrets that a pattern tells wherever they stand. The engine takes time in proportion to the text, whatever text it is.
/// </summary>
internal static class TextSecrets
{
    /// <summary>The part of a match that is hidden; a pattern without it hides its first group, or all of the match.</summary>
    private const string Group = "secret";
    private const RegexOptions Plain = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private const string HeaderNames =
        "(?:(?:proxy-)?authorization|x-api-key|api-key|x-auth-token|x-vault-token|x-amz-security-token|private-token|x-access-token|(?:set-)?cookie)";

    private const string Schemes = @"(?:(?:bearer|basic|digest|token|negotiate|apikey)(?:\\?\s)+)?";
    private const string FieldNames = "(?:password|passwd|pwd|passphrase|secret|token|api_?key|client_secret|access_token|refresh_token|id_token|private_key)";

    public static readonly IReadOnlyList<Regex> Headers =
    [
        // In quotes up to the quote; at the start of a line up to its end; in one word up to the word's end.
        new("\"" + HeaderNames + @"\s*:\s*" + Schemes + "(?<secret>[^\"\\r\\n]+)", Plain | RegexOptions.IgnoreCase),
        new("'" + HeaderNames + @"\s*:\s*" + Schemes + @"(?<secret>[^'\r\n]+)", Plain | RegexOptions.IgnoreCase),
        new("(?:^|\n)" + HeaderNames + @":\s*" + Schemes + @"(?<secret>[^\r\n]+)", Plain | RegexOptions.IgnoreCase),
        new(@"\s" + HeaderNames + @":(?:\\\s)*" + Schemes + "(?<secret>(?:\\\\.|[^\\s\"'\\\\])+)", Plain | RegexOptions.IgnoreCase),
    ];

    public static readonly IReadOnlyList<Regex> Urls =
    [
        new(@"[a-z][a-z0-9+.\-]*://[^\s/:@""'?#]*:(?<secret>[^\s/""']+)@", Plain | RegexOptions.IgnoreCase),
    ];

    public static readonly IReadOnlyList<Regex> Bodies =
    [
        new(@"\\?[""']" + FieldNames + @"\\?[""']\s*:\s*\\?""(?<secret>[^""\\]+)", Plain | RegexOptions.IgnoreCase),
        new("[?&]" + FieldNames + @"=(?<secret>[^&\s""']+)", Plain | RegexOptions.IgnoreCase),
    ];

    public static readonly IReadOnlyList<Regex> Tokens =
    [
        new(@"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_\-]{16,}|xox[abprs]-[A-Za-z0-9\-]{10,}|sk-[A-Za-z0-9_\-]{20,}"
            + @"|AIza[A-Za-z0-9_\-]{30,}|hvs\.[A-Za-z0-9_\-]{20,}|dckr_pat_[A-Za-z0-9_\-]{16,}|npm_[A-Za-z0-9]{30,}"
            + @"|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*)", Plain),
    ];

    /// <summary>A pattern of the user's.</summary>
    /// <exception cref="ArgumentException">It is no regular expression, or one that needs backtracking; the message says why.</exception>
    public static Regex Custom(string pattern)
    {
        try
        {
            return new Regex(pattern, Plain);
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    public static void Find(SecretRanges found, IReadOnlyList<Regex> patterns)
    {
        foreach (var pattern in patterns)
        {
            for (var match = pattern.Match(found.Text); match.Success; match = match.NextMatch())
            {
                var secret = match.Groups.TryGetValue(Group, out var named) && named.Success ? named : match.Groups.Count > 1 ? match.Groups[1] : match;
                found.AddValue(secret.Index, secret.Index + secret.Length);
            }
        }
    }
}
