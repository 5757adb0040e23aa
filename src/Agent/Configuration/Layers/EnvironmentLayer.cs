using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>Reads settings from environment variables, by the rules that DataKit's input has for them.</summary>
internal static class EnvironmentLayer
{
    private const string Prefix = "ENV_INPUT_EBPF_";
    private static readonly ImmutableHashSet<string> Names = [.. SettingCatalog.All.SelectMany(s => s.Environment)];
    private static readonly ImmutableHashSet<string> False = ["", "f", "false", "FALSE", "False", "0"];

    public static ImmutableArray<Given> Read(
        IReadOnlyDictionary<string, string> variables, SourceKind kind = SourceKind.Environment, int? line = null) =>
    [
        .. from setting in SettingCatalog.All
           from name in setting.Environment
           where variables.ContainsKey(name)
           select new Given(setting, Values(setting, variables[name]), new Source(kind, name, line)),
    ];

    /// <summary>Variables that are meant for this input and that it does not know. No error: others may have set them.</summary>
    public static IEnumerable<string> Warnings(IEnumerable<string> variables) =>
        from name in variables
        where name.StartsWith(Prefix, StringComparison.Ordinal) && !Names.Contains(name)
        let near = Suggestion.Nearest(name, Names)
        select near is null ? $"variable {name} is not known" : $"variable {name} is not known; did you mean {near}?";

    private static ImmutableArray<string> Values(Setting setting, string text) => setting.Shape switch
    {
        TomlShape.Boolean => [False.Contains(text) ? "false" : "true"],
        // No trimming: a name with a blank is an unknown name, and is reported as one.
        TomlShape.List => [.. text.Split(',')],
        _ => [text],
    };
}
