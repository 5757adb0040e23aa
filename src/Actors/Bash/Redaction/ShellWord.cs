namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>A word of a command line.</summary>
/// <param name="Text">What the shell makes of it.</param>
/// <param name="Start">Where it begins in the line.</param>
/// <param name="End">Where it ends in the line.</param>
/// <param name="ValueEnd">The same, before the closing quote if one pair is around the whole word: that quote stays.</param>
/// <param name="Quoted">Which character of the text is the first that stood in quotes; none: the text's length.</param>
/// <param name="Stop">Where it ends in the text that it was split from.</param>
/// <param name="StartsCommand">A command begins with it.</param>
internal sealed record ShellWord(ShellText Text, int Start, int End, int ValueEnd, int Quoted, int Stop, bool StartsCommand)
{
    public string Value => Text.Value;

    public bool IsOption => Value.StartsWith('-');
}
