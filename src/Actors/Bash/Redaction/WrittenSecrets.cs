using System.Text.RegularExpressions;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Secrets in text that is typed into a file: a line that as a whole is <c>name: value</c> or <c>name = value</c>.</summary>
internal static class WrittenSecrets
{
    /// <summary>These write what stands in their arguments.</summary>
    public static readonly string[] Programs = ["echo", "printf", "sed"];

    private static readonly Regex Line = TextSecrets.Compile(
        """\A\s*(?:-\s+)?(?:export\s+)?["']?(?<name>[A-Za-z0-9_.\-]+)["']?(?<sign>\s*[:=]\s*)(?:"(?<secret>[^"]+)"|'(?<secret>[^']+)'|(?<secret>[^\s"'|&;<>()]\S*?))[\s,;]*\z""");

    /// <summary>Looks at each line; where one ends may also be written <c>\n</c>, or be the middle of sed's <c>s/a/b/</c>.</summary>
    public static void Find(SecretRanges found, ShellText text, bool isOfSed)
    {
        var delimiter = isOfSed && text.Value is ['s', var second, ..] && !char.IsAsciiLetterOrDigit(second) ? second : '\n';
        var start = 0;
        for (var at = 0; at <= text.Length; at++)
        {
            var length = EndLength(text.Value, at, delimiter);
            if (length > 0)
            {
                FindLine(found, text, start, at);
                start = at + length;
                at = start - 1;
            }
        }
    }

    private static int EndLength(string text, int at, char delimiter) =>
        at == text.Length || text[at] == '\n' || text[at] == delimiter ? 1
        : text[at] == '\\' && at + 1 < text.Length && text[at + 1] is 'n' or 'r' ? 2
        : 0;

    private static void FindLine(SecretRanges found, ShellText text, int start, int end)
    {
        var match = Line.Match(text.Value, start, end - start);
        if (match.Success && SecretNames.Announces(match.Groups[SecretPattern.Name].Value))
        {
            // NAME=VALUE may be a command as well.
            var secret = match.Groups[SecretPattern.Secret];
            found.AddValue(text.Start(secret.Index), text.End(secret.Index + secret.Length - 1), endsWithWord: match.Groups["sign"].ValueSpan is "=");
        }
    }
}
