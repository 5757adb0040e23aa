namespace EbpfActors.Actors.Bash.Redaction;

/// <summary>The line without its secrets.</summary>
/// <param name="shell">Who typed it.</param>
/// <param name="text">The line.</param>
/// <param name="isCut">The line went on.</param>
public delegate string Redactor(uint shell, string text, bool isCut);
