using System.Buffers;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Splits a command line as a shell would, as far as quoting and operators go. Every text is split; nothing is expanded.</summary>
internal static class ShellWords
{
    private static readonly SearchValues<char> Operators = SearchValues.Create(";|&()<>`\n");

    public static bool EndsWord(char letter) => char.IsWhiteSpace(letter) || Operators.Contains(letter);

    /// <summary>A backslash at a line's end takes both away.</summary>
    public static bool Continues(string text, int at) => text[at] == '\\' && at + 1 < text.Length && text[at + 1] == '\n';

    /// <summary>The words of the text from <paramref name="start"/> on.</summary>
    public static List<ShellWord> Split(ShellText text, int start)
    {
        var words = new List<ShellWord>();
        var startsCommand = true;
        for (var at = start; at < text.Value.Length;)
        {
            if (Operators.Contains(text.Value[at]))
            {
                startsCommand = text.Value[at] is not ('<' or '>');
                at++;
            }
            else if (char.IsWhiteSpace(text.Value[at]))
            {
                at++;
            }
            else if (Continues(text.Value, at))
            {
                at += 2;
            }
            else
            {
                var word = new WordReader(text, at).Read(startsCommand);
                words.Add(word);
                startsCommand = false;
                at = word.Stop;
            }
        }

        return words;
    }
}
