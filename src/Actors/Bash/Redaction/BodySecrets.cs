using System.Buffers;
using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Secrets in what a program is given to send on: fields of JSON, of queries and of forms, and passwords in SQL.</summary>
internal static class BodySecrets
{
    private const string Name = """(?<name>[A-Za-z0-9_.\-]+)""";
    private const string Double = """
        "(?<secret>(?:\\.|[^"\\])+)
        """;

    private const string Single = """'(?<secret>(?:''|\\.|[^'\\])+)""";

    /// <summary>In a word that is in quotes itself; a quote within the value has a backslash more.</summary>
    private const string Escaped = """\\+"(?<secret>(?:[^"\\]|\\\\\\["\\]|\\{1,2}[^"\\])+)|\\+'(?<secret>[^'\\]+)""";

    /// <summary>A single quote within single quotes, as a shell has it in two ways.</summary>
    private const string Reopened = """'(?:\\'|"'")'(?<secret>[^']+)""";
    private const string AnyQuoted = "N?(?:" + Reopened + "|" + Escaped + "|" + Double + "|" + Single + ")";

    public static readonly IReadOnlyList<SecretPattern> Patterns =
    [
        Field(Name + """\\{0,3}["']\s*:\s*(?:""" + Escaped + "|" + Double + "|" + Single + "|(?<secret>[0-9]+))"),
        Field(@"[{,]\s*" + Name + @"\s*:\s*(?:" + Escaped + "|" + Double + "|" + Single + """)\\*["']\s*[,}]"""),
        new(TextSecrets.Compile(@"[?&#](?<name>[A-Za-z0-9_.\-\[\]]+)="), IsSecretOrSignature) { EndsWithWord = true, Ends = SearchValues.Create("& \t\r\n\"'#") },
        Field("<(?:[a-z]+:)?" + Name + ">(?<secret>[^<>]+)</"),
        new(TextSecrets.Compile("""\blogin\s+\S+\s+password\s+(?<secret>[^\s"'\\]+)""")),
        new(TextSecrets.Compile("""(?i:\b(?:server|data source|host|driver|uid|user id|user|database)\s*=[^;"']*;(?:[^;"'=]*=[^;"']*;)*\s*pwd\s*=\s*)(?<secret>[^;"']+)""")),
        Sql(@"identified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?\s+" + AnyQuoted),
        Sql(@"(?:create|alter)\s+(?:user|role|login)\s[^;]*?\spassword(?:\s*=\s*|\s+)" + AnyQuoted),
        Sql(@"set\s+password\b[^;=]*=\s*(?:password\s*\(\s*)?" + AnyQuoted),
        Sql(@"\b(?:user|role|to)\s+\S+\s+identified\s+by\s+(?<secret>[a-z0-9_$#]+)"),
    ];

    private static SecretPattern Field(string pattern) => new(TextSecrets.Compile(pattern), IsSecret);

    private static SecretPattern Sql(string pattern) => new(TextSecrets.Compile("(?i:" + pattern + ")"), IsValue);

    private static bool IsSecret(Match match) => SecretNames.AnnouncesInField(match.Groups[SecretPattern.Name].Value);

    /// <summary>A signature in an address is a key for as long as it is good: shared access of Azure, presigned ones of S3.</summary>
    private static bool IsSecretOrSignature(Match match) =>
        IsSecret(match) || match.Groups[SecretPattern.Name].Value.ToLowerInvariant() is "sig" or "signature" or "x-amz-signature" or "x-goog-signature";

    private static bool IsValue(Match match) => match.Groups[SecretPattern.Secret].Value.ToLowerInvariant() is not ("password" or "random" or "values");
}
