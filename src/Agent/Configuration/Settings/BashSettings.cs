using System.Collections.Immutable;
using EbpfActors.Actors.Bash.Redaction;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>The settings of ebpf-bash.</summary>
internal static class BashSettings
{
    public static readonly Setting<int> CommandLength = new("bash_command_length", TomlShape.Integer, Texts.Number(64, 4096))
    {
        Flags = ["--bash-command-length"],
        ValueName = "BYTES",
        Help = "Longer command lines are cut, 64 to 4096.",
        Default = ["4096"],
        Example = "4096",
    };

    public static readonly Setting<IReadOnlyList<string>> Redact =
        new("bash_redact", TomlShape.List, Texts.SomeOf("redaction rule", RedactionOptions.AllRules))
        {
            Flags = ["--bash-redact"],
            ValueName = "RULE",
            Help = "Secrets hidden in command lines: " + string.Join(", ", RedactionOptions.AllRules) + ".",
            Default = [.. RedactionOptions.AllRules],
            Example = "[\"options\", \"urls\"]",
            EmptyListHasMeaning = true,
        };

    /// <summary>Not by a flag: patterns hold commas, and a command line is no place for what tells secrets.</summary>
    public static readonly Setting<IReadOnlyList<string>> RedactPatterns = new("bash_redact_patterns", TomlShape.List, Patterns)
    {
        Example = "['corp-[0-9a-f]{32}']",
    };

    public static readonly ImmutableArray<Setting> All = [CommandLength, Redact, RedactPatterns];

    private static Parsed<IReadOnlyList<string>> Patterns(ImmutableArray<string> values)
    {
        var patterns = values.Where(v => v.Length > 0).ToList();
        var wrong = patterns.Select(p => (Pattern: p, Problem: RedactionOptions.ProblemOf(p))).Where(p => p.Problem is not null);
        return new(patterns, [.. wrong.Select(p => $"\"{p.Pattern}\" cannot be used: {p.Problem}")]);
    }
}
