namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Hides secrets in command lines behind <c>******</c>. What looks like a secret is hidden even if it is none; a variable's
/// name is not. A pattern of the user's hides its group <c>secret</c>, else its first group, else all that it matches.
/// Not thread-safe: it remembers which shells are inside a private key, and of which a line goes on in the next.
/// </summary>
public sealed class SecretRedactor
{
    private readonly WordSecrets _words;
    private readonly SecretPattern[] _patterns;
    private readonly SecretPattern[] _ofCutLines;
    private readonly PrivateKeyBlocks? _keys;
    private readonly ContinuedLines _continued = new();

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
        var before = _continued.Before(shell);
        var goesOn = !isCut && ContinuedLines.GoesOn(text);
        var line = goesOn ? text[..^1] : text;
        var found = new SecretRanges(before + line);
        if (goesOn)
        {
            _continued.Remember(shell, found.Text);
        }

        Find(found, isCut);
        _keys?.Find(shell, found, before.Length);
        var masked = found.Masked(before.Length);
        return masked == line ? text : goesOn ? masked + '\\' : masked;
    }

    private void Find(SecretRanges found, bool isCut)
    {
        _words.Find(found);
        Array.ForEach(_patterns, p => p.Find(found));
        if (isCut)
        {
            Array.ForEach(_ofCutLines, p => p.Find(found));
        }
    }
}
