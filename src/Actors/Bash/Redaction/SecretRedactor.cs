namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Hides secrets in command lines behind <c>******</c>. What looks like a secret is hidden even if it is none; a variable's
/// name is not. A pattern of the user's hides its group <c>secret</c>, else its first group, else all that it matches.
/// Not thread-safe: it remembers which shells are inside a private key.
/// </summary>
public sealed class SecretRedactor
{
    private readonly WordSecrets _words;
    private readonly SecretPattern[] _patterns;
    private readonly SecretPattern[] _ofCutLines;
    private readonly PrivateKeyBlocks? _keys;

    public SecretRedactor(RedactionOptions options)
    {
        _words = new WordSecrets(Has(RedactionOptions.Arguments), Has(RedactionOptions.Assignments), Has(RedactionOptions.Commands));
        _keys = Has(RedactionOptions.PrivateKeys) ? new PrivateKeyBlocks() : null;
        _patterns =
        [
            .. Has(RedactionOptions.Headers) ? HeaderSecrets.Patterns : [],
            .. Has(RedactionOptions.Urls) ? TextSecrets.Urls : [],
            .. Has(RedactionOptions.Bodies) ? BodySecrets.Patterns : [],
            .. Has(RedactionOptions.Tokens) ? TextSecrets.Tokens : [],
            .. options.Patterns.Select(TextSecrets.Custom),
        ];

        _ofCutLines = Has(RedactionOptions.Urls) ? [.. TextSecrets.CutUrls] : [];

        bool Has(string rule) => options.Rules.Contains(rule);
    }

    /// <summary>The line without its secrets; the same string when it has none.</summary>
    /// <param name="shell">Who typed it.</param>
    /// <param name="text">The line.</param>
    /// <param name="isCut">The line went on: what would tell a secret at its end may be missing.</param>
    public string Redact(uint shell, string text, bool isCut = false)
    {
        var found = new SecretRanges(text);
        _words.Find(found);
        Array.ForEach(_patterns, p => p.Find(found));
        if (isCut)
        {
            Array.ForEach(_ofCutLines, p => p.Find(found));
        }

        _keys?.Find(shell, found);
        return found.Masked();
    }
}
