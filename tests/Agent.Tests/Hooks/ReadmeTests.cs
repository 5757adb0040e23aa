using EbpfActors.Agent.Tests.Configuration;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Tests.Hooks;

public sealed class ReadmeTests
{
    /// <summary>A row that differs is to be taken over into the README from this test's message.</summary>
    [Fact]
    public void The_table_of_hooks_says_what_the_catalogue_says()
    {
        var section = Section(Reading.Sample("README.md"), "## Hooks");
        var rows = section.SkipWhile(l => !l.StartsWith("| hook |", StringComparison.Ordinal)).TakeWhile(l => l.StartsWith('|')).ToList();

        Assert.Equal(["| hook | for | rungs, best first | without it |", "|---|---|---|---|", .. HookCatalogue.All.Select(Row)], rows);
    }

    private static string Row(Hook hook) =>
        $"| `{hook.Name}` | {hook.Purpose} | {string.Join("; ", hook.Rungs.Select(Told))} | {hook.Without} |";

    private static string Told(Rung rung) => $"`{rung.Name}` {rung.Kernel}" + (rung.Cost.Length > 0 ? $" ({rung.Cost})" : "");

    private static IEnumerable<string> Section(string text, string title) =>
        text.Split('\n').SkipWhile(l => l != title).Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal));
}
