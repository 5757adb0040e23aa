using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>Where points go: <c>datakit</c>, <c>stdout</c>, <c>table</c>, <c>file:PATH</c>.</summary>
internal static class OutputList
{
    private const string FilePrefix = "file:";
    private static readonly string[] Words = ["datakit", "stdout", "table", "file:PATH"];

    public static Parsed<IReadOnlyList<OutputTarget>> Parse(ImmutableArray<string> items)
    {
        var parsed = items.Select(i => i.Trim()).Where(i => i.Length > 0).Select(One).ToList();
        return new([.. parsed.Where(p => p.Errors.IsEmpty).Select(p => p.Value).Distinct()], [.. parsed.SelectMany(p => p.Errors)]);
    }

    private static Parsed<OutputTarget> One(string item) => item switch
    {
        "datakit" => Parsed.Ok(new OutputTarget(OutputKind.DataKit)),
        "stdout" => Parsed.Ok(new OutputTarget(OutputKind.Stdout)),
        "table" => Parsed.Ok(new OutputTarget(OutputKind.Table)),
        FilePrefix or "file" => Parsed.Error<OutputTarget>($"\"{item}\" has no path; write for example file:/tmp/points.txt"),
        _ when item.StartsWith(FilePrefix, StringComparison.Ordinal) =>
            Parsed.Ok(new OutputTarget(OutputKind.File, item[FilePrefix.Length..])),
        _ => Parsed.Error<OutputTarget>($"\"{item}\" is not an output; {Suggestion.For(item, Words)}"),
    };
}
