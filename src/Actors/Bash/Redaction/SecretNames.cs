using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Which names of options, variables, fields and headers announce a secret.</summary>
internal static class SecretNames
{
    /// <summary>At the end of a name, whatever stands before.</summary>
    private static readonly string[] LongEndings =
    [
        "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "sshpass", "storepass", "keypass",
        "requirepass",
    ];

    /// <summary>The whole name, or behind an underscore.</summary>
    private static readonly string[] WholeEndings =
    [
        "pass", "pwd", "api_key", "access_key", "secret_key", "private_key", "auth_key", "encryption_key", "signing_key", "master_key",
        "account_key", "storage_key", "license_key", "subscription_key", "application_key", "app_key", "functions_key",
        "credential", "credentials", "auth", "bearer", "secret_string",
    ];

    /// <summary>These make it a switch, or a word about secrets.</summary>
    private static readonly string[] Switches =
        ["no_", "ask_", "prompt_", "use_", "with_", "show_", "reset_", "generate_", "force_", "require_", "change_", "print_", "skip_"];

    /// <summary>Tokens that say where a list or a text goes on, or how much of it there is.</summary>
    private static readonly string[] Harmless =
        ["base_token", "basetoken", "next_token", "page_token", "starting_token", "continuation_token", "max_token"];

    /// <summary>Dashes and letter case do not matter, <c>accessToken</c> is <c>access_token</c>, and digits at the end are left out.</summary>
    public static bool Announces(string name)
    {
        var plain = Plain(name);
        return plain is not ("pwd" or "auth") && IsSecret(plain);
    }

    /// <summary>The same for a field of JSON or of a query: there <c>pwd</c> is no directory and <c>auth</c> no scheme.</summary>
    public static bool AnnouncesInField(string name) => IsSecret(Plain(name));

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
        var plain = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(name[i]) && char.IsAsciiLetterLower(name[i - 1]))
            {
                plain.Append('_');
            }

            plain.Append(name[i] == '-' ? '_' : char.ToLowerInvariant(name[i]));
        }

        return plain.ToString().TrimEnd("0123456789".ToCharArray());
    }
}
