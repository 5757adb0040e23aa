using System.Text.Json;
using EbpfActors.Benchmarks;
using EbpfActors.Benchmarks.Scenarios;
using Spectre.Console;

// The load of the 50,000-connection scenario runs as a process of its own, so that its CPU is not the benchmark's.
if (args is ["hold", var count, var addresses])
{
    return ConnectionHolder.Run(int.Parse(count), int.Parse(addresses));
}

using var leftovers = new TestRun();
var rounds = args is [.., "--rounds", var given] ? int.Parse(given) : 5;
(string Name, Func<int, IEnumerable<Row>> Run)[] scenarios =
[
    ("start", StartToAttached.Run),
    ("idle", Idle.Run),
    ("http", HttpThroughput.Run),
    ("cost of httpflow", HttpCost.Run),
    ("replay", HttpReplay.Run),
    ("iperf3", Iperf.Run),
    ("dns", Dns.Run),
    ("bpf time", BpfTime.Run),
    ("conntrack", ConntrackCost.Run),
    ("50,000 connections", OpenConnections.Run),
];

var only = args is ["--only", var chosen, ..] ? chosen : "";
var failed = 0;
var rows = new List<Row>();
foreach (var (name, run) in scenarios.Where(s => s.Name.Contains(only, StringComparison.Ordinal)))
{
    Console.Error.WriteLine($"bench: {name}");
    try
    {
        rows.AddRange(run(rounds));
    }
    catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException)
    {
        // What could be measured is worth printing; what could not is said, and fails the run.
        Console.Error.WriteLine($"bench: {name}: {e.Message}");
        failed++;
    }
}

var table = new Table().AddColumns("what", "unit", "off", "value", "goal", "spread", "");
foreach (var row in rows)
{
    table.AddRow(row.What, row.Unit, row.Off?.ToString("0.#") ?? "", row.Value.ToString("0.###"), row.Goal, row.Spread, row.Met ? "ok" : "[red]missed[/]");
}

AnsiConsole.Profile.Width = 160;
AnsiConsole.Write(table);
Directory.CreateDirectory("out");
File.WriteAllText("out/bench.json", JsonSerializer.Serialize(rows, new JsonSerializerOptions { WriteIndented = true }));
return failed == 0 ? 0 : 1;
