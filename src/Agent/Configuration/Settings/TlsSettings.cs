using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>The settings of httpflow-tls.</summary>
internal static class TlsSettings
{
    public static readonly Setting<IReadOnlyList<string>> Exclude = new("tls_exclude", TomlShape.List, Patterns)
    {
        Flags = ["--tls-exclude"],
        ValueName = "PATTERN",
        Help = "Libraries and programs that httpflow-tls does not probe, by path; * stands for anything.",
        Example = "[\"/opt/trading/*\"]",
    };

    public static readonly ImmutableArray<Setting> All = [Exclude];

    private static Parsed<IReadOnlyList<string>> Patterns(ImmutableArray<string> values)
    {
        var patterns = values.Where(v => v.Length > 0).ToList();
        return new(patterns, [.. patterns.Where(p => p[0] is not ('/' or '*')).Select(p => $"\"{p}\" is no pattern of a whole path; begin it with / or *")]);
    }
}
