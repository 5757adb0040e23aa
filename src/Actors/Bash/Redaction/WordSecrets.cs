namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Finds secrets by the words around them: options, assignments, and the short options of programs that take passwords.</summary>
internal sealed class WordSecrets(bool options, bool assignments, bool commands)
{
    /// <summary>A command inside a quoted word inside a quoted word is as deep as it goes.</summary>
    private const int Deepest = 3;

    public void Find(SecretRanges found) => Find(found, 0, found.Text.Length, 1);

    private void Find(SecretRanges found, int start, int end, int depth)
    {
        var words = ShellWords.Split(found.Text, start, end);
        var command = new CommandSecrets(found, words);
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (options)
            {
                FindOption(found, words, i);
            }

            if (assignments)
            {
                FindAssignment(found, word);
            }

            if (commands)
            {
                command.Find(i);
            }

            if (depth < Deepest && Inside(found.Text, word) is { } inside)
            {
                Find(found, inside.Start, inside.End, depth + 1);
            }
        }
    }

    private static void FindOption(SecretRanges found, List<ShellWord> words, int index)
    {
        var word = words[index];
        var name = word.Value.TrimStart('-');
        if (name.Length == word.Value.Length)
        {
            return;
        }

        var equals = name.IndexOf('=', StringComparison.Ordinal);
        if (equals >= 0)
        {
            if (SecretNames.Announces(name[..equals]))
            {
                found.AddValue(found.Text.IndexOf('=', word.Start) + 1, ValueEnd(found.Text, word));
            }
        }
        else if ((SecretNames.Announces(name) || IsOpenSslPass(name)) && Argument(words, index) is { } value && !IsDockersSecret(name, value.Value))
        {
            AddArgument(found, name, value);
        }
    }

    /// <summary>openssl's <c>-pass file:F</c> and the like say where the secret is; <c>pass:S</c> is the secret.</summary>
    private static void AddArgument(SecretRanges found, string name, in ShellWord value)
    {
        if (!IsOpenSslPass(name) || value.Value.IndexOf(':', StringComparison.Ordinal) < 0)
        {
            found.AddValue(value.Start, value.End);
        }
        else if (value.Value.StartsWith("pass:", StringComparison.Ordinal))
        {
            found.AddValue(found.Text.IndexOf(':', value.Start) + 1, ValueEnd(found.Text, value));
        }
    }

    private static bool IsOpenSslPass(string name) => name is "pass" or "passin" or "passout";

    // There --secret names one that is kept elsewhere.
    private static bool IsDockersSecret(string name, string value) =>
        name == "secret" && (value.StartsWith("id=", StringComparison.Ordinal) || value.StartsWith("source=", StringComparison.Ordinal)
            || value.StartsWith("type=", StringComparison.Ordinal));

    private static void FindAssignment(SecretRanges found, in ShellWord word)
    {
        // Also --env=NAME=VALUE and -eNAME=VALUE: the name is what stands before the last = of the leading names.
        var equals = word.Value.IndexOf('=', StringComparison.Ordinal);
        var raw = found.Text.IndexOf('=', word.Start, word.End - word.Start);
        while (equals > 0 && raw >= 0)
        {
            var before = word.Value.AsSpan(0, equals).TrimEnd('+');
            var name = LastName(before);
            if (name.Length > 0 && (name.Length == before.Length || word.Value.StartsWith('-')) && SecretNames.Announces(name.ToString()))
            {
                found.AddValue(raw + 1, ValueEnd(found.Text, word));
                return;
            }

            if (!word.Value.StartsWith('-'))
            {
                return;
            }

            equals = word.Value.IndexOf('=', equals + 1);
            raw = found.Text.IndexOf('=', raw + 1, word.End - raw - 1);
        }
    }

    private static ReadOnlySpan<char> LastName(ReadOnlySpan<char> text)
    {
        var at = text.Length;
        while (at > 0 && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '.' or '-'))
        {
            at--;
        }

        return text[at..].TrimStart('-');
    }

    /// <summary>The next word, if it is an argument of the same command.</summary>
    internal static ShellWord? Argument(List<ShellWord> words, int index) =>
        index + 1 < words.Count && words[index + 1] is { StartsCommand: false } next && !next.Value.StartsWith('-') ? next : null;

    /// <summary>A quote around the whole word stays.</summary>
    internal static int ValueEnd(string text, in ShellWord word) =>
        text[word.Start] is '"' or '\'' && word.End - word.Start > 1 && text[word.End - 1] == text[word.Start] ? word.End - 1 : word.End;

    /// <summary>What a quoted word holds, when it may be a command line itself.</summary>
    private static (int Start, int End)? Inside(string text, in ShellWord word) =>
        text[word.Start] is '"' or '\'' && word.Value.AsSpan().ContainsAny(" \n;|&") ? (word.Start + 1, ValueEnd(text, word)) : null;
}
