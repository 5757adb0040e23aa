using System.Buffers;

namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>Tells which quoted words of a command are a command line that another shell reads: <c>bash -c '…'</c>.</summary>
internal sealed class CommandLines(List<ShellWord> words)
{
    private static readonly HashSet<string> WithAssignments = new(["export", "declare", "typeset", "local", "readonly", "env", "setenv"], StringComparer.Ordinal);

    private static readonly HashSet<string> WithCommands = new(["ssh", "eval", "watch", "trap", "alias"], StringComparer.Ordinal);

    /// <summary>Within a password an operator would hardly have a blank next to it.</summary>
    private static readonly SearchValues<string> Operators = SearchValues.Create(["; ", " ;", "| ", " |", "& ", " &", "\n"], StringComparison.Ordinal);

    /// <summary>The command has had a word that says what its later words are.</summary>
    private bool _takesAssignments;
    private bool _takesCommands;

    /// <summary>
    /// Whether a value in quotes ends where a shell would end it, or with the quote: <c>bash -c "TOKEN=x; ls"</c> is a command
    /// line, <c>-e "TOKEN=a; b"</c> is not. To be asked for each word in turn.
    /// </summary>
    public bool Has(int index)
    {
        var word = words[index];
        _takesAssignments = (_takesAssignments && !word.StartsCommand) || WithAssignments.Contains(word.Value);
        _takesCommands = (_takesCommands && !word.StartsCommand) || WithCommands.Contains(word.Value);
        if (word.IsOption)
        {
            return word.Value.StartsWith("--command=", StringComparison.Ordinal);
        }

        var before = index > 0 && !word.StartsCommand ? words[index - 1].Value : "";
        if (before.StartsWith('-') && before != "--" && !HasNumber(before))
        {
            return before is "--command" or "-c" or ['-', not '-', .., 'c'];
        }

        return !_takesAssignments && (_takesCommands || word.Value.AsSpan().ContainsAny(Operators));
    }

    /// <summary><c>watch -n1</c> has its value and takes no other.</summary>
    private static bool HasNumber(string option) => option is ['-', not '-', .., >= '0' and <= '9'];
}
