namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Which secrets are hidden. <paramref name="Patterns"/> are further regular expressions, see <see cref="SecretRedactor"/>.</summary>
public sealed record RedactionOptions(IReadOnlyList<string> Rules, IReadOnlyList<string> Patterns)
{
    /// <summary>Values of options whose name announces a secret: <c>--password</c>, <c>--token</c>, <c>-storepass</c>.</summary>
    public const string Arguments = "options";

    /// <summary>Values of variables whose name announces one: <c>PGPASSWORD=</c>, <c>AWS_SECRET_ACCESS_KEY=</c>.</summary>
    public const string Assignments = "assignments";

    /// <summary>What known programs are given: <c>mysql -p</c>, <c>curl -u</c>, <c>sqlplus</c>'s login, <c>--password-stdin</c>'s input.</summary>
    public const string Commands = "commands";

    /// <summary><c>Authorization:</c>, cookies and API keys in HTTP headers.</summary>
    public const string Headers = "headers";

    /// <summary>The password in <c>scheme://user:password@host</c>, and a long token in the user's place.</summary>
    public const string Urls = "urls";

    /// <summary>Fields of JSON, of forms and of a query; passwords in SQL.</summary>
    public const string Bodies = "bodies";

    /// <summary>Tokens of a form that is known: GitHub, GitLab, Slack, JWT.</summary>
    public const string Tokens = "tokens";

    public const string PrivateKeys = "private-keys";

    /// <summary>All rules, in the order in which help and sample name them.</summary>
    public static readonly IReadOnlyList<string> AllRules = [Arguments, Assignments, Commands, Headers, Urls, Bodies, Tokens, PrivateKeys];

    public static readonly RedactionOptions Default = new(AllRules, []);

    /// <summary>Null when the pattern can be used, or else what is wrong with it.</summary>
    public static string? ProblemOf(string pattern)
    {
        try
        {
            TextSecrets.Custom(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
