namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Which names of options, variables and fields announce a secret.</summary>
internal static class SecretNames
{
    /// <summary>At the end of a name, whatever stands before.</summary>
    private static readonly string[] LongEndings =
        ["password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "sshpass", "storepass", "keypass"];

    /// <summary>The whole name, or behind an underscore.</summary>
    private static readonly string[] WholeEndings =
    [
        "pass", "pwd", "api_key", "access_key", "secret_key", "private_key", "auth_key", "encryption_key", "signing_key", "master_key",
        "account_key", "storage_key", "license_key", "credential", "credentials", "auth", "bearer", "secret_string",
    ];

    /// <summary>These make it a switch, or a word about secrets.</summary>
    private static readonly string[] Switches =
        ["no_", "ask_", "prompt_", "use_", "with_", "show_", "reset_", "generate_", "force_", "require_", "change_", "print_", "skip_"];

    /// <summary>Dashes and letter case do not matter, nor do digits at the end.</summary>
    public static bool Announces(string name)
    {
        var plain = name.Replace('-', '_').ToLowerInvariant().TrimEnd("0123456789".ToCharArray());
        return !Array.Exists(Switches, s => plain.StartsWith(s, StringComparison.Ordinal))
            && plain is not ("pwd" or "auth")
            && (plain.StartsWith("aws_secret", StringComparison.Ordinal)
                || Array.Exists(LongEndings, e => plain.EndsWith(e, StringComparison.Ordinal))
                || Array.Exists(WholeEndings, e => plain == e || plain.EndsWith("_" + e, StringComparison.Ordinal)));
    }
}
