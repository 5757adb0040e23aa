using System.Collections.Immutable;
using System.Globalization;
using EbpfActors.Agent.Configuration.Settings;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace EbpfActors.Agent.Configuration.Layers;

/// <summary>
/// A TOML file flattened to its keys. It is read from the syntax tree, because the mapping to objects drops unknown keys
/// silently and forgets the lines.
/// </summary>
internal sealed class TomlFile
{
    private readonly List<TomlEntry> _entries = [];
    private readonly Dictionary<string, int> _arrayTables = new(StringComparer.Ordinal);
    private readonly List<(string Path, bool IsArray, int Line)> _headers = [];

    private TomlFile()
    {
    }

    public IReadOnlyList<TomlEntry> Entries => _entries;

    /// <summary>The table headers in order.</summary>
    public IReadOnlyList<(string Path, bool IsArray, int Line)> Headers => _headers;

    public ImmutableArray<ConfigurationProblem> Problems { get; private init; } = [];

    public static TomlFile Parse(string text, string name)
    {
        var document = SyntaxParser.Parse(text, name, validate: true);
        var errors = document.Diagnostics.Where(d => d.Kind == DiagnosticMessageKind.Error).ToList();
        if (errors.Count > 0)
        {
            // One broken line makes the parser stumble over the following ones as well; the first message of a line is the cause.
            return new TomlFile
            {
                Problems = [.. errors.DistinctBy(e => e.Span.Start.Line)
                    .Select(e => new ConfigurationProblem(name, e.Message, e.Span.Start.Line + 1))],
            };
        }

        var file = new TomlFile();
        file.Add([], 0, document.KeyValues);
        foreach (var table in document.Tables)
        {
            file.AddTable(table);
        }

        return file;
    }

    private void AddTable(TableSyntaxBase table)
    {
        var path = Parts(table.Name!);
        var name = string.Join('.', path);
        var isArray = table is TableArraySyntax;
        _headers.Add((name, isArray, table.Span.Start.Line + 1));
        if (isArray)
        {
            _arrayTables[name] = _arrayTables.GetValueOrDefault(name, -1) + 1;
        }

        Add(path, IndexOf(path), table.Items);
    }

    /// <summary>A sub-table belongs to the array entry above it.</summary>
    private int IndexOf(ImmutableArray<string> path) =>
        Enumerable.Range(1, path.Length)
            .Select(length => _arrayTables.GetValueOrDefault(string.Join('.', path[..length]), 0))
            .DefaultIfEmpty(0)
            .Max();

    private void Add(ImmutableArray<string> table, int index, IEnumerable<KeyValueSyntax> pairs)
    {
        foreach (var pair in pairs)
        {
            var path = table.AddRange(Parts(pair.Key!));
            if (pair.Value is InlineTableSyntax inline)
            {
                Add(path, index, inline.Items.Select(i => i.KeyValue!));
                continue;
            }

            var (shape, values) = Read(pair.Value!);
            var written = pair.Value!.ToString()!.Trim();
            _entries.Add(new TomlEntry(path, pair.Key!.Span.Start.Line + 1, shape, values, written) { TableIndex = index });
        }
    }

    private static (TomlShape Shape, ImmutableArray<string> Values) Read(ValueSyntax value) => value switch
    {
        StringValueSyntax text => (TomlShape.Text, [text.Value ?? ""]),
        BooleanValueSyntax boolean => (TomlShape.Boolean, [boolean.Value ? "true" : "false"]),
        IntegerValueSyntax integer => (TomlShape.Integer, [integer.Value.ToString(CultureInfo.InvariantCulture)]),
        FloatValueSyntax number => (TomlShape.Float, [number.Value.ToString(CultureInfo.InvariantCulture)]),
        ArraySyntax array when array.Items.All(i => i.Value is StringValueSyntax) =>
            (TomlShape.List, [.. array.Items.Select(i => ((StringValueSyntax)i.Value!).Value ?? "")]),
        ArraySyntax array => (TomlShape.MixedList, [.. array.Items.Select(i => i.Value!.ToString()!.Trim())]),
        _ => (TomlShape.Other, [value.ToString()!.Trim()]),
    };

    private static ImmutableArray<string> Parts(KeySyntax key) => [Part(key.Key!), .. key.DotKeys.Select(d => Part(d.Key!))];

    private static string Part(BareKeyOrStringValueSyntax part) =>
        part is StringValueSyntax text ? text.Value ?? "" : part.ToString()!.Trim();
}
