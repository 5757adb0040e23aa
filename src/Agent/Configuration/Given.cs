using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration;

/// <summary>What one layer says about one setting, before anybody judged it.</summary>
internal sealed record Given(Setting Setting, ImmutableArray<string> Values, Source Source)
{
    /// <summary>
    /// An empty text or list says nothing, as in the reference; an empty list of layer 7 plugins in a file is the one
    /// way to have none of them.
    /// </summary>
    public bool SaysNothing => Setting.Shape switch
    {
        TomlShape.Boolean => false,
        TomlShape.List when Setting.EmptyListHasMeaning && Source.Kind == SourceKind.File => false,
        _ => Values.All(string.IsNullOrEmpty),
    };
}
