using System.Globalization;
using System.Text;

namespace EbpfActors.Actors.Outputs;

/// <summary>
/// Makes foreign text (names of processes, paths, what DataKit answers) fit to be shown to people: one line that cannot steer a
/// terminal, pass for another line, or show its characters in another order than they have. For the log, the status and the live table.
/// </summary>
public static class SafeText
{
    /// <summary>
    /// The text with each such character as an escape: <c>\n</c>, <c>\r</c>, <c>\t</c>, <c>\x1b</c>, <c>\u202e</c>. Text without any, which
    /// is the rule, is given back as it is.
    /// </summary>
    public static string OneLine(string text)
    {
        var first = 0;
        while (first < text.Length && !IsUnsafe(text, first))
        {
            first++;
        }

        if (first == text.Length)
        {
            return text;
        }

        var safe = new StringBuilder(text, 0, first, text.Length + 16);
        for (var i = first; i < text.Length; i++)
        {
            _ = IsUnsafe(text, i) ? Escape(safe, text[i]) : safe.Append(text[i]);
        }

        return safe.ToString();
    }

    private static bool IsUnsafe(string text, int index) => text[index] switch
    {
        < ' ' or (>= '\x7f' and <= '\x9f') => true, // C0, DEL, C1
        '\u061c' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069') => true, // line ends, directions
        var unit when char.IsHighSurrogate(unit) => index + 1 == text.Length || !char.IsLowSurrogate(text[index + 1]),
        var unit when char.IsLowSurrogate(unit) => index == 0 || !char.IsHighSurrogate(text[index - 1]),
        _ => false,
    };

    private static StringBuilder Escape(StringBuilder safe, char unit) => unit switch
    {
        '\n' => safe.Append("\\n"),
        '\r' => safe.Append("\\r"),
        '\t' => safe.Append("\\t"),
        <= '\xff' => safe.Append(CultureInfo.InvariantCulture, $"\\x{(int)unit:x2}"),
        _ => safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
    };
}
