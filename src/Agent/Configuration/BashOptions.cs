namespace EbpfActors.Agent.Configuration;

/// <summary>How much of a command line is reported.</summary>
/// <param name="CommandLength">Bytes of a line that are kept at most, 64 to 4096.</param>
/// <param name="RedactionRules">Which kinds of secrets are hidden, by name; empty: none.</param>
/// <param name="RedactionPatterns">Further regular expressions of what is hidden, valid ones.</param>
public sealed record BashOptions(int CommandLength, IReadOnlyList<string> RedactionRules, IReadOnlyList<string> RedactionPatterns);
