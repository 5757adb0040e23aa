using System.Buffers;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Finds NAME=VALUE where the name announces a secret: as a word, behind an option (<c>--env=NAME=VALUE</c>, <c>-eNAME=VALUE</c>), and
/// in a list (<c>-o username=a,password=VALUE</c>).
/// </summary>
internal sealed class AssignmentSecrets(SecretRanges found, List<ShellWord> words)
{
    private static readonly HashSet<string> WithLists = new(["-o", "--set", "--set-string"], StringComparer.Ordinal);

    private static readonly SearchValues<char> Ends = SearchValues.Create(" \t\n;|&(`");

    /// <summary>Looks at one word; to be called for each in turn.</summary>
    /// <param name="index">Which word.</param>
    /// <param name="isRead">What stands in quotes in it is read as a command line too.</param>
    /// <param name="isCommandLine">All of that is one, with words of its own.</param>
    public void Find(int index, bool isRead, bool isCommandLine)
    {
        var word = words[index];
        var read = isRead ? ReadFrom(word, isCommandLine) : int.MaxValue;
        for (var equals = word.Value.IndexOf('='); equals > 0; equals = word.Value.IndexOf('=', equals + 1))
        {
            var full = word.Value.AsSpan(0, equals).TrimEnd('+');
            var name = LastName(full, out var isPart);
            if (!(isPart || word.IsOption || name.Length == full.Length) || IsName(full) || !SecretNames.Announces(name.ToString())
                || SecretNames.IsFile(name, word.Value.AsSpan(equals + 1)))
            {
                continue;
            }

            if (equals >= read)
            {
                return;
            }

            var end = full[..^name.Length] is [.., ',' or '{'] || TakesList(index) ? ListEnd(word.Value, equals) : -1;
            found.AddValue(word.Text.End(equals), end < 0 ? word.ValueEnd : word.Text.Start(end));
            if (end < 0)
            {
                return;
            }

            equals = end;
        }
    }

    /// <summary>An option's own name is no variable's.</summary>
    private static bool IsName(ReadOnlySpan<char> text) => text.StartsWith("--") && !text.Contains('=');

    /// <summary>From where on the word is a command line, of words of its own.</summary>
    private static int ReadFrom(ShellWord word, bool isCommandLine)
    {
        var end = isCommandLine ? 0 : word.Value.AsSpan(word.Quoted).IndexOfAny(Ends);
        return end < 0 ? int.MaxValue : word.Quoted + end;
    }

    private bool TakesList(int index) => words[index] switch
    {
        { IsOption: true, Value: var option } => WithLists.Contains(option[..option.IndexOf('=', StringComparison.Ordinal)]),
        { StartsCommand: true } => false,
        _ => index > 0 && WithLists.Contains(words[index - 1].Value),
    };

    /// <summary>The next comma that separates, or the brace; one behind a backslash belongs to the value.</summary>
    private static int ListEnd(string text, int start)
    {
        var ends = text.AsSpan(0, start).Contains('{') ? ",}" : ",";
        for (var at = start; at < text.Length; at++)
        {
            if (ends.Contains(text[at], StringComparison.Ordinal) && text[at - 1] != '\\')
            {
                return at;
            }
        }

        return -1;
    }

    /// <param name="text">What stands before the equals sign.</param>
    /// <param name="isPart">The name is one of a list's: <c>a=b,NAME=</c>, <c>{NAME=</c>, or one of a place's: <c>//host/:NAME=</c>, <c>/p:NAME=</c>.</param>
    internal static ReadOnlySpan<char> LastName(ReadOnlySpan<char> text, out bool isPart)
    {
        var at = text.Length;
        while (at > 0 && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '.' or '-' or '[' or ']'))
        {
            at--;
        }

        isPart = at > 0 && text[at - 1] is (',' or '{' or ':');
        return text[at..].TrimStart('-');
    }
}
