using System.Collections.Immutable;
using EbpfActors.Agent.CommandLine;
using EbpfActors.Agent.Configuration.Settings;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>The file of DataKit's input: <c>[[inputs.ebpf]]</c>, of which the first one counts.</summary>
internal sealed class InputFile(TomlFile file)
{
    private const string Table = "inputs.ebpf";
    private static readonly ImmutableArray<string> OtherKeys = ["args", "envs", "tags"];
    private readonly List<Given> _keys = [];
    private readonly List<Given> _arguments = [];
    private readonly List<Given> _environment = [];
    private readonly List<ConfigurationProblem> _problems = [];
    private readonly List<string> _warnings = [];

    public LayerReading Read()
    {
        CheckHeaders();
        foreach (var entry in file.Entries.Where(e => e.TableIndex == 0))
        {
            Read(entry);
        }

        return new LayerReading([.. _environment, .. _keys, .. _arguments], [.. _problems]) { Warnings = [.. _warnings] };
    }

    private void CheckHeaders()
    {
        var inputs = file.Headers.Where(h => h.Path == Table).ToList();
        _problems.AddRange(inputs.Where(h => !h.IsArray)
            .Select(h => new ConfigurationProblem(Table, "is a table; write [[inputs.ebpf]]", h.Line)));
        if (inputs.Count > 1)
        {
            _problems.Add(new(Table, $"{inputs.Count} entries, but only one collector can run; remove the others", inputs[1].Line));
        }
    }

    private void Read(TomlEntry entry)
    {
        switch (entry.Path)
        {
            case ["inputs", "ebpf", "args"]: Arguments(entry); break;
            case ["inputs", "ebpf", "envs"]: Variables(entry); break;
            case ["inputs", "ebpf", "tags", var tag]: Tag(entry, tag); break;
            case ["inputs", "ebpf", var key] when SettingCatalog.InputKeys.TryGetValue(key, out var setting): Key(entry, setting); break;
            case ["inputs", "ebpf", var key, ..]: Unknown(entry, key); break;
            default: _problems.Add(new(entry.FullKey, "unknown key; only [[inputs.ebpf]] is read here", entry.Line)); break;
        }
    }

    private void Key(TomlEntry entry, Setting setting)
    {
        if (ShapeCheck.Problem(entry, setting) is { } problem)
        {
            _problems.Add(problem);
        }
        else if (setting.Key == "daemon" && entry.Values is ["false"])
        {
            _warnings.Add("inputs.ebpf.daemon is false: DataKit would start the collector again and again; set it to true");
        }
        else
        {
            _keys.Add(new Given(setting, entry.Values, SourceOf(entry)));
        }
    }

    private void Unknown(TomlEntry entry, string key)
    {
        var near = Suggestion.Nearest(key, [.. SettingCatalog.InputKeys.Keys, .. OtherKeys]);
        _problems.Add(new(entry.FullKey, near is null ? "unknown key" : $"unknown key; did you mean {near}?", entry.Line));
    }

    private void Tag(TomlEntry entry, string tag)
    {
        if (entry.Shape != TomlShape.Text)
        {
            _problems.Add(ShapeCheck.Problem(entry, TomlShape.Text, "\"value\""));
            return;
        }

        if (SettingCatalog.InputKeys.ContainsKey(tag))
        {
            _warnings.Add($"{entry.FullKey} (line {entry.Line}) is a tag, because it stands below [inputs.ebpf.tags]; "
                + "if the setting is meant, move it above that line");
        }

        _keys.Add(new Given(AgentSettings.Tags, [$"{tag}={entry.Values[0]}"], SourceOf(entry)));
    }

    private void Arguments(TomlEntry entry)
    {
        if (entry.Shape != TomlShape.List)
        {
            _problems.Add(ShapeCheck.Problem(entry, TomlShape.List, "[\"--datakit-apiserver\", \"0.0.0.0:9529\"]"));
            return;
        }

        var flags = FlagReader.Read(entry.Values, flag => new Source(SourceKind.FileArguments, $"{entry.FullKey} {flag}", entry.Line));
        _problems.AddRange(flags.Errors.Select(e => new ConfigurationProblem(entry.FullKey, e, entry.Line)));
        _arguments.AddRange(flags.Givens);
    }

    private void Variables(TomlEntry entry)
    {
        if (entry.Shape != TomlShape.List)
        {
            _problems.Add(ShapeCheck.Problem(entry, TomlShape.List, "[\"HOST_PROC=/rootfs/proc\"]"));
            return;
        }

        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in entry.Values)
        {
            var equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                _problems.Add(new(entry.FullKey, $"\"{item}\" is not a variable; write KEY=VALUE", entry.Line));
                continue;
            }

            variables[item[..equals]] = item[(equals + 1)..];
        }

        _environment.AddRange(EnvironmentLayer.Read(variables, SourceKind.FileEnvironment, entry.Line)
            .Select(g => g with { Source = g.Source with { Name = $"{entry.FullKey} {g.Source.Name}" } }));
    }

    private static Source SourceOf(TomlEntry entry) => new(SourceKind.File, entry.FullKey, entry.Line);
}
