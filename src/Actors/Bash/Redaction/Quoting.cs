namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>What a shell makes of a character.</summary>
[Flags]
internal enum Quoting : byte
{
    None = 0,

    /// <summary>It does not end the word, whatever it is.</summary>
    Quoted = 1,

    /// <summary>It stands for itself: <c>'$a'</c> is no variable.</summary>
    Literal = 2,
}
