using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>One key of a TOML file with its place. <paramref name="Written"/> is the value as it stands there.</summary>
internal sealed record TomlEntry(
    ImmutableArray<string> Path,
    int Line,
    TomlShape Shape,
    ImmutableArray<string> Values,
    string Written)
{
    /// <summary>Which entry of an array of tables this key belongs to, from 0; 0 outside of arrays.</summary>
    public int TableIndex { get; init; }

    public string FullKey => string.Join('.', Path);
}
