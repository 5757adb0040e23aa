using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>
/// One thing that can be configured, with its name in every layer. Flags, variables and file keys are all read from here.
/// </summary>
internal record Setting(string Key, TomlShape Shape)
{
    /// <summary>Long option names; the first is shown in the help.</summary>
    public ImmutableArray<string> Flags { get; init; } = [];

    public string ValueName { get; init; } = "TEXT";

    public string Help { get; init; } = "";

    /// <summary>Environment variables, the strongest first.</summary>
    public ImmutableArray<string> Environment { get; init; } = [];

    /// <summary>Whether <c>[[inputs.ebpf]]</c> has the key.</summary>
    public bool InInputFile { get; init; } = true;

    /// <summary>Path in the collector's own file (<c>--config</c> of the later generation), where it differs from the key.</summary>
    public ImmutableArray<string> CollectorKeys { get; init; } = [];

    public ImmutableArray<string> Default { get; init; } = [];

    /// <summary>A right value as it is written in a file, for messages.</summary>
    public string Example { get; init; } = "\"text\"";

    /// <summary>What separates the items of a list in a flag.</summary>
    public string Separators { get; init; } = ",";

    public bool Secret { get; init; }

    public bool EmptyListHasMeaning { get; init; }

    /// <summary>Belongs to DataKit's supervisor or to a feature that does not exist here: accepted, never used.</summary>
    public bool Unused { get; init; }

    public IEnumerable<string> CollectorPaths => CollectorKeys.IsEmpty ? [Key] : CollectorKeys;
}

/// <summary>A setting whose value is used, so that it knows how to read it.</summary>
internal sealed record Setting<T>(string Key, TomlShape Shape, ValueParser<T> Parse) : Setting(Key, Shape)
{
    /// <summary>How the value takes effect, where that differs from how it was written.</summary>
    public Func<T, string>? Show { get; init; }
}
