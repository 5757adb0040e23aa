using System.Diagnostics;
using System.Globalization;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class SpoolCrashTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Whatever_was_acknowledged_before_a_SIGKILL_is_there_in_order_and_what_was_removed_is_not()
    {
        var (acknowledged, removed) = (-1, -1);
        for (var round = 0; round < 3; round++)
        {
            (acknowledged, removed) = await RunUntilKilledAsync(acknowledgements: 150 + (round * 40));

            using var spool = new Spool(_directory.Path, Spool.MinimumBytes * 8, new LedgerStage("datakit", "points"));
            var numbers = await DrainAsync(spool);

            // One entry more may be there: written, and killed before it was acknowledged. The same for a removal.
            numbers.ShouldBe(Enumerable.Range(numbers[0], numbers.Count));
            numbers[0].ShouldBeInRange(removed + 1, removed + 4);
            numbers[^1].ShouldBeInRange(acknowledged, acknowledged + 1);
            spool.Status.CorruptEntries.ShouldBe(0);
        }
    }

    private async Task<(int Acknowledged, int Removed)> RunUntilKilledAsync(int acknowledgements)
    {
        using var child = Process.Start(new ProcessStartInfo
        {
            FileName = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet",
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "EbpfActors.SpoolCrash.dll"), _directory.Path },
            RedirectStandardOutput = true,
        })!;
        var (acknowledged, removed) = (-1, -1);
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            var number = int.Parse(line, CultureInfo.InvariantCulture);
            (acknowledged, removed) = line[0] == '-' ? (acknowledged, -number) : (number, removed);
            if (number == acknowledgements)
            {
                // SIGKILL; what it printed until it died is read to the end.
                child.Kill();
            }
        }

        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        child.ExitCode.ShouldBe(128 + 9);
        return (acknowledged, removed);
    }

    private static async Task<List<int>> DrainAsync(Spool spool)
    {
        List<int> numbers = [];
        while (await spool.PeekAsync(1000, 1 << 20) is { } batch)
        {
            foreach (var line in batch.Lines)
            {
                numbers.Add(Samples.CrashNumber(line));
            }

            await spool.SettleAsync(batch.Points);
        }

        return numbers;
    }
}
