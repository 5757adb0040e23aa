using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Secrets that a pattern tells wherever they stand. The engine takes time in proportion to the text, whatever text it is.
/// </summary>
internal static class TextSecrets
{
    private const string Scheme = @"[A-Za-z][A-Za-z0-9+.\-]*://";

    public static readonly IReadOnlyList<SecretPattern> Urls =
    [
        new(Compile(Scheme + """[^\s/:@"'?#]*:(?<secret>[^\s/"']+)@""")) { EndsWithWord = true },
        new(Compile(Scheme + @"(?<secret>[A-Za-z0-9_\-]{20,})(?::x-oauth-basic)?@"), IsToken),
    ];

    /// <summary>Of a line that was cut: its end may be the secret of a URL whose @ is gone.</summary>
    public static readonly IReadOnlyList<SecretPattern> CutUrls =
    [
        new(Compile(Scheme + """[^\s/:@"'?#]*:(?<secret>[^\s/"']+)\z""")) { EndsWithWord = true },
        new(Compile(Scheme + @"(?<secret>[A-Za-z0-9_\-]{20,})\z"), IsToken),
    ];

    public static readonly IReadOnlyList<SecretPattern> Tokens =
    [
        new(Compile(
            @"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|rt|dt|ptt|cbt)-[A-Za-z0-9_\-]{16,}|xapp-[A-Za-z0-9\-]{10,}|xox[abprs]-[A-Za-z0-9\-]{10,}|sk-[A-Za-z0-9_\-]{20,}"
            + @"|AIza[A-Za-z0-9_\-]{30,}|hvs\.[A-Za-z0-9_\-]{20,}|dckr_pat_[A-Za-z0-9_\-]{16,}|npm_[A-Za-z0-9]{30,}"
            + @"|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|pypi-[A-Za-z0-9_\-]{16,}|hf_[A-Za-z0-9]{20,}|do[opr]_v1_[a-f0-9]{20,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{20,}"
            + @"|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|ya29\.[A-Za-z0-9_\-]{16,}|AGE-SECRET-KEY-[A-Za-z0-9\-]{20,}"
            + @"|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*)")),
        new(Compile(@"\bhooks\.slack\.com/(?:services|workflows|triggers)/(?<secret>[A-Za-z0-9_/\-]+)")),
    ];

    /// <summary>A pattern of the user's.</summary>
    /// <exception cref="ArgumentException">It is no regular expression, or one that needs backtracking; the message says why.</exception>
    public static SecretPattern Custom(string pattern)
    {
        try
        {
            return new SecretPattern(Compile(pattern));
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    public static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>Where a user's name may stand: names of that length have no digits between their letters, or few.</summary>
    private static bool IsToken(Match match)
    {
        var text = match.Groups[SecretPattern.Secret].ValueSpan;
        return text.ContainsAnyInRange('0', '9') && (text.ContainsAnyInRange('a', 'z') || text.ContainsAnyInRange('A', 'Z'));
    }
}
