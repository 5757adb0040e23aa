using System.Buffers;
using System.Text;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>A word of a command line: where it stands, what the shell makes of it, and whether a command begins with it.</summary>
internal readonly record struct ShellWord(int Start, int End, string Value, bool StartsCommand);

/// <summary>Splits a command line as a shell would, as far as quoting and operators go. Every text is split; nothing is expanded.</summary>
internal static class ShellWords
{
    private static readonly SearchValues<char> Operators = SearchValues.Create(";|&()<>`\n");

    public static List<ShellWord> Split(string text, int start, int end)
    {
        var words = new List<ShellWord>();
        var startsCommand = true;
        for (var at = start; at < end;)
        {
            if (Operators.Contains(text[at]))
            {
                startsCommand = text[at] is not ('<' or '>');
                at++;
            }
            else if (char.IsWhiteSpace(text[at]))
            {
                at++;
            }
            else
            {
                var value = new StringBuilder();
                var stop = ReadWord(text, at, end, value);
                words.Add(new ShellWord(at, stop, value.ToString(), startsCommand));
                startsCommand = false;
                at = stop;
            }
        }

        return words;
    }

    private static int ReadWord(string text, int at, int end, StringBuilder value)
    {
        while (at < end && !char.IsWhiteSpace(text[at]) && !Operators.Contains(text[at]))
        {
            at = text[at] switch
            {
                '\'' => ReadSingleQuoted(text, at + 1, end, value),
                '"' => ReadDoubleQuoted(text, at + 1, end, value),
                '\\' => ReadEscaped(text, at + 1, end, value),
                _ => ReadPlain(text, at, value),
            };
        }

        return at;
    }

    private static int ReadPlain(string text, int at, StringBuilder value)
    {
        value.Append(text[at]);
        return at + 1;
    }

    private static int ReadEscaped(string text, int at, int end, StringBuilder value)
    {
        if (at >= end)
        {
            return end;
        }

        value.Append(text[at]);
        return at + 1;
    }

    // A quote that is not closed goes on to the end: the rest of it comes with the next line.
    private static int ReadSingleQuoted(string text, int at, int end, StringBuilder value)
    {
        var close = text.IndexOf('\'', at, end - at);
        value.Append(text, at, (close < 0 ? end : close) - at);
        return close < 0 ? end : close + 1;
    }

    private static int ReadDoubleQuoted(string text, int at, int end, StringBuilder value)
    {
        while (at < end && text[at] != '"')
        {
            at = text[at] == '\\' ? ReadEscaped(text, at + 1, end, value) : ReadPlain(text, at, value);
        }

        return Math.Min(at + 1, end);
    }
}
