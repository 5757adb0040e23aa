using System.Buffers;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Finds secrets by the words around them: options, assignments, and the short options of programs that take passwords.</summary>
internal sealed class WordSecrets(bool options, bool assignments, bool commands)
{
    /// <summary>A command inside a quoted word inside a quoted word is as deep as it goes.</summary>
    private const int Deepest = 3;

    private static readonly SearchValues<char> OfCommands = SearchValues.Create(" \t\n;|&(`=");

    private static readonly string[] DockersFields = ["id=", "source=", "type="];

    public void Find(SecretRanges found)
    {
        var text = ShellText.Of(found.Text);
        if (assignments)
        {
            WrittenSecrets.Find(found, text, isOfSed: false);
        }

        Find(found, text, 0, 1);
    }

    private void Find(SecretRanges found, ShellText text, int start, int depth)
    {
        text.MarkIn(found, start);
        var words = ShellWords.Split(text, start);
        var lines = new CommandLines(words);
        var assignment = new AssignmentSecrets(found, words);
        var command = new CommandSecrets(found, words);
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            word.Text.MarkIn(found);
            var isCommandLine = lines.Has(i);
            var isRead = depth < Deepest && MayBeCommand(word);
            if (options)
            {
                FindOption(found, words, i);
            }

            if (assignments)
            {
                assignment.Find(i, isRead, isCommandLine);
            }

            if (commands)
            {
                command.Find(i);
            }

            if (isRead)
            {
                Find(found, isCommandLine ? word.Text.Unread() : word.Text, word.Quoted, depth + 1);
            }
        }
    }

    private static void FindOption(SecretRanges found, List<ShellWord> words, int index)
    {
        var word = words[index];
        var name = word.Value.TrimStart('-');
        if (!word.IsOption)
        {
            return;
        }

        var equals = name.IndexOf('=', StringComparison.Ordinal);
        if (equals >= 0)
        {
            if (SecretNames.Announces(name[..equals]) && !NamesSecret(words, index, name[..equals], name[(equals + 1)..]))
            {
                found.AddValue(word.Text.End(word.Value.Length - name.Length + equals), word.ValueEnd);
            }
        }
        else if ((SecretNames.Announces(name) || IsOpenSslPass(name)) && Argument(words, index) is { } value
            && !NamesSecret(words, index, name, value.Value))
        {
            AddArgument(found, name, value);
        }
    }

    /// <summary>openssl's <c>-pass file:F</c> and the like say where the secret is; <c>pass:S</c> is the secret.</summary>
    private static void AddArgument(SecretRanges found, string name, ShellWord value)
    {
        if (!IsOpenSslPass(name) || !value.Value.Contains(':', StringComparison.Ordinal))
        {
            found.AddValue(value.Start, value.End);
        }
        else if (value.Value.StartsWith("pass:", StringComparison.Ordinal))
        {
            found.AddValue(value.Text.End("pass".Length), value.ValueEnd);
        }
    }

    private static bool IsOpenSslPass(string name) => name is "pass" or "passin" or "passout";

    /// <summary>The value tells where the secret is kept: docker's and gcloud's --secret, and credentials in a file.</summary>
    private static bool NamesSecret(List<ShellWord> words, int index, string name, string value) =>
        (name == "secret" && (Array.Exists(DockersFields, f => value.StartsWith(f, StringComparison.Ordinal)) || IsOfGcloud(words, index)))
        || SecretNames.IsFile(name, value);

    private static bool IsOfGcloud(List<ShellWord> words, int index)
    {
        while (index > 0 && !words[index].StartsCommand)
        {
            index--;
        }

        return words[index].Value == "gcloud";
    }

    /// <summary>The next word, if it is an argument of the same command.</summary>
    internal static ShellWord? Argument(List<ShellWord> words, int index) =>
        index + 1 < words.Count && words[index + 1] is { StartsCommand: false, IsOption: false } next ? next : null;

    private static bool MayBeCommand(ShellWord word) => word.Value.AsSpan(word.Quoted).ContainsAny(OfCommands);
}
