namespace EbpfActors.Agent.Configuration;

/// <summary>One thing that is wrong with the configuration: where, what, and what would be right.</summary>
public sealed record ConfigurationProblem(string Key, string Text, int? Line = null)
{
    public override string ToString() => Line is { } line ? $"{Key}: {Text} (line {line})" : $"{Key}: {Text}";
}
