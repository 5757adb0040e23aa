using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>Reads settings from environment variables, by the rules that DataKit's input has for them.</summary>
internal static class EnvironmentLayer
{
    private static readonly ImmutableHashSet<string> False = ["", "f", "false", "FALSE", "False", "0"];

    public static ImmutableArray<Given> Read(IReadOnlyDictionary<string, string> variables, SourceKind kind = SourceKind.Environment, int? line = null) =>
    [
        .. from setting in SettingCatalog.All
           from name in setting.Environment
           where variables.ContainsKey(name)
           select new Given(setting, Values(setting, variables[name]), new Source(kind, name, line)),
    ];

    private static ImmutableArray<string> Values(Setting setting, string text) => setting.Shape switch
    {
        TomlShape.Boolean => [False.Contains(text) ? "false" : "true"],
        // No trimming: a name with a blank is an unknown name, and is reported as one.
        TomlShape.List => [.. text.Split(',')],
        _ => [text],
    };
}
