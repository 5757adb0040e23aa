using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>Says when a key of a file has a value of the wrong TOML type.</summary>
internal static class ShapeCheck
{
    public static ConfigurationProblem? Problem(TomlEntry entry, Setting setting) =>
        setting.Shape == TomlShape.Any || setting.Shape == entry.Shape
            ? null
            : Problem(entry, setting.Shape, setting.Example);

    public static ConfigurationProblem Problem(TomlEntry entry, TomlShape wanted, string example) => new(
        entry.FullKey, $"must be {Name(wanted)}, for example {example}; found {Name(entry.Shape)} {OneLine(entry.Written)}", entry.Line);

    private static string OneLine(string written) => string.Join(' ', written.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Name(TomlShape shape) => shape switch
    {
        TomlShape.Text => "a string",
        TomlShape.Boolean => "a boolean",
        TomlShape.Integer => "an integer",
        TomlShape.Float => "a float",
        TomlShape.List => "a list of strings",
        TomlShape.MixedList => "a list with other values",
        TomlShape.Table => "a table",
        _ => "the value",
    };
}
