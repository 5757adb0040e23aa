using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Secrets in HTTP headers. Behind -H any name may announce one; elsewhere only names that nothing but a header has.</summary>
internal static class HeaderSecrets
{
    private const string Flag = """(?:(?<flag>-[A-Za-z]*?H|--?[a-z\-]*header[=\s])\s*)?""";
    private const string Name = "(?<name>[A-Za-z][A-Za-z0-9_\\-]*)";
    private const string Scheme = """(?i:(?:bearer|basic|digest|token|negotiate|apikey)(?:\\?\s)+)?""";
    private const string InDouble = Scheme + """(?<secret>(?:\\[^"]|[^"\\\s])(?:\\[^"]|[^"\\\r\n])*)""";
    private const string InSingle = Scheme + @"(?<secret>[^'\s][^'\r\n]*)";

    /// <summary>In quotes up to the quote, at the start of a line up to its end, in one word up to the word's end.</summary>
    public static readonly IReadOnlyList<SecretPattern> Patterns =
    [
        Header(Flag + "\\\\?\"" + Name + @"\s*:\s*" + InDouble),
        Header(Flag + "'" + Name + @"\s*:\s*" + InSingle),
        Header("(?:^|\n)" + Name + @":[ \t]*" + Scheme + @"(?<secret>[^\s][^\r\n]*)"),
        Header(@"\s" + Flag + Name + @":(?:\\\s)*(?:""" + InDouble + "|'" + InSingle + "|" + Scheme + """(?<secret>(?:\\.|[^\s"'\\;|&<>()`])+))"""),
    ];

    private static SecretPattern Header(string pattern) => new(TextSecrets.Compile(pattern), IsSecret);

    private static bool IsSecret(Match match)
    {
        var name = match.Groups[SecretPattern.Name].Value.ToLowerInvariant();
        return name.EndsWith("authorization", StringComparison.Ordinal)
            || name is "cookie" or "set-cookie"
            || (match.Groups["flag"].Success && SecretNames.AnnouncesInField(name))
            || ((name.StartsWith("x-", StringComparison.Ordinal) || name is "private-token" or "api-key" or "apikey" or "api-token") && SecretNames.Announces(name));
    }
}
