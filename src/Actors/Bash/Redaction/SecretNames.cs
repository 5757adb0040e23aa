using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Which names of options, variables, fields and headers announce a secret.</summary>
internal static class SecretNames
{
    /// <summary>At the end of a name, whatever stands before.</summary>
    private static readonly string[] LongEndings =
    [
        "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "sshpass", "storepass", "keypass",
        "requirepass", "masterauth", "dbpass", "pgpass", "rootpw",
    ];

    /// <summary>The whole name, or behind an underscore.</summary>
    private static readonly string[] WholeEndings =
    [
        "pass", "pwd", "pw", "api_key", "access_key", "secret_key", "private_key", "auth_key", "encryption_key", "signing_key", "master_key",
        "account_key", "storage_key", "license_key", "subscription_key", "application_key", "app_key", "functions_key",
        "credential", "credentials", "auth", "bearer", "secret_string",
    ];

    /// <summary>Where or what for, behind the name.</summary>
    private static readonly string[] Stages = ["_prod", "_production", "_live", "_stage", "_staging", "_test", "_dev", "_base"];

    /// <summary>These make it a switch, or a word about secrets.</summary>
    private static readonly string[] Switches =
        ["no_", "ask_", "prompt_", "use_", "with_", "show_", "reset_", "generate_", "force_", "require_", "change_", "print_", "skip_"];

    /// <summary>Tokens that say where a list or a text goes on, or how much of it there is.</summary>
    private static readonly string[] Harmless =
        ["base_token", "basetoken", "next_token", "page_token", "starting_token", "continuation_token", "max_token", "existing_secret", "auth_user_pass"];

    /// <summary>Dashes and letter case do not matter, <c>accessToken</c> is <c>access_token</c>, digits at the end are left out, and of <c>a.b</c> the last part counts.</summary>
    public static bool Announces(string name)
    {
        var plain = Plain(name);
        return plain is not ("pwd" or "auth") && IsSecret(plain);
    }

    /// <summary>The same for a field of JSON or of a query: there <c>pwd</c> is no directory and <c>auth</c> no scheme.</summary>
    public static bool AnnouncesInField(string name) => IsSecret(Plain(name));

    /// <summary>Credentials are often kept in a file, and its name is given.</summary>
    public static bool IsFile(ReadOnlySpan<char> name, ReadOnlySpan<char> value) =>
        name.EndsWith("credentials", StringComparison.OrdinalIgnoreCase) && value is ['/' or '~' or '.', ..];

    private static bool IsSecret(string plain) =>
        !Array.Exists(Switches, s => plain.StartsWith(s, StringComparison.Ordinal))
        && (plain.StartsWith("aws_secret", StringComparison.Ordinal)
            || Array.Exists(LongEndings, e => plain.EndsWith(e, StringComparison.Ordinal))
            || EndsIn(WholeEndings, plain))
        && !EndsIn(Harmless, plain);

    private static bool EndsIn(string[] endings, string plain) =>
        Array.Exists(endings, e => plain == e || plain.EndsWith("_" + e, StringComparison.Ordinal));

    private static string Plain(string name)
    {
        name = name[(name.LastIndexOf('.') + 1)..];
        var plain = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(name[i]) && char.IsAsciiLetterLower(name[i - 1]))
            {
                plain.Append('_');
            }

            plain.Append(name[i] == '-' ? '_' : char.ToLowerInvariant(name[i]));
        }

        var text = plain.ToString().TrimEnd("0123456789".ToCharArray());
        var stage = Array.Find(Stages, s => text.EndsWith(s, StringComparison.Ordinal));
        return stage is null ? text : text[..^stage.Length];
    }
}
