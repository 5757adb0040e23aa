namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>
/// Remembers the lines of a shell that end in a backslash: what comes next is read with them. Not thread-safe.
/// </summary>
internal sealed class ContinuedLines
{
    private const int MostShells = 256;
    private const int MostLetters = 4096;

    private readonly OfShells<string> _lines = new(MostShells);

    /// <summary>What the shell has typed of the command so far, each line without its backslash.</summary>
    public string Before(uint shell) => _lines.Take(shell) ?? "";

    /// <summary>An odd number of backslashes: in pairs they stand for themselves.</summary>
    public static bool GoesOn(string line) => (line.Length - line.AsSpan().TrimEnd('\\').Length) % 2 == 1;

    /// <summary>Of a text that is too long its start, which has the program's name, and its end, which may have the option's.</summary>
    public void Remember(uint shell, string text) =>
        _lines.Put(shell, text.Length <= MostLetters ? text : text[..(MostLetters / 2)] + text[^(MostLetters / 2)..]);
}
