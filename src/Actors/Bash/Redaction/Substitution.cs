namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Where in a line a command stands whose output the shell puts in: <c>$(…)</c>, or between backquotes.</summary>
internal static class Substitution
{
    public static bool Starts(ReadOnlySpan<char> line, int at) => line[at] == '`' || (line[at] == '$' && at + 1 < line.Length && line[at + 1] == '(');

    /// <summary>Behind its end; one that is not closed goes on to the end of the line.</summary>
    public static int End(ReadOnlySpan<char> line, int start)
    {
        var depth = 0;
        for (var at = start + 1; at < line.Length; at++)
        {
            switch (line[at])
            {
                case '\\': at++; break;
                case '`' when line[start] == '`': return at + 1;
                case '\'' when line[(at + 1)..].IndexOf('\'') is var length and >= 0: at += length + 1; break;
                case '(': depth++; break;
                case ')' when --depth == 0 && line[start] == '$': return at + 1;
            }
        }

        return line.Length;
    }
}
