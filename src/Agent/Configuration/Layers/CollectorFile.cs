using EbpfActors.Agent.Configuration.Settings;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>The collector's own file, as the reference's later generation reads it with <c>--config</c>.</summary>
internal sealed class CollectorFile(TomlFile file)
{
    private readonly List<Given> _givens = [];
    private readonly List<ConfigurationProblem> _problems = [];

    public LayerReading Read()
    {
        foreach (var entry in file.Entries)
        {
            if (!SettingCatalog.CollectorPaths.TryGetValue(entry.FullKey, out var setting))
            {
                Unknown(entry);
            }
            else if (ShapeCheck.Problem(entry, setting) is { } problem)
            {
                _problems.Add(problem);
            }
            else
            {
                _givens.Add(new Given(setting, entry.Values, new Source(SourceKind.File, entry.FullKey, entry.Line)));
            }
        }

        return new LayerReading([.. _givens], [.. _problems]);
    }

    private void Unknown(TomlEntry entry)
    {
        var near = Suggestion.Nearest(entry.FullKey, SettingCatalog.CollectorPaths.Keys)
            ?? Suggestion.Nearest(entry.Path[^1], SettingCatalog.CollectorPaths.Keys);
        _problems.Add(new(entry.FullKey, near is null ? "unknown key" : $"unknown key; did you mean {near}?", entry.Line));
    }
}
