using Akka.Actor;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Points;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class DataKitWriterLimitsTests : DataKitWriterTestKit
{
    [Fact]
    public async Task Without_a_spool_the_oldest_points_are_dropped_and_counted()
    {
        await Server.StopAsync();
        var (writer, ledger) = Start(Options with { SpoolDirectory = null, MaxMemoryPoints = 1000 });

        writer.Tell(Samples.Points(0, 500));
        await Eventually.HoldsAsync(async () => (await StatusAsync(writer)).State == WriterState.BackingOff);
        writer.Tell(Samples.Points(500, 1700));
        await StatusAsync(writer);
        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["queue-full"] = 700 });
        await Server.StartAgainAsync();
        await ArrivedAsync(1500, ledger, Second);

        Server.Numbers().ShouldBe([.. Enumerable.Range(0, 500), .. Enumerable.Range(1200, 1000)]);
        await Eventually.HoldsAsync(() => Account(ledger).InFlight == 0);
    }

    [Fact]
    public async Task A_point_that_DataKit_would_lose_in_silence_is_counted_instead()
    {
        var (writer, ledger) = Start(Options);

        writer.Tell(new WritePoints(PointEndpoint.Netflow, [new byte[1 << 20], Samples.Line(1)]));
        await ArrivedAsync(1, ledger);

        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["too-large"] = 1 });
    }

    [Fact]
    public async Task A_spool_that_cannot_be_opened_leaves_the_memory()
    {
        var file = Path.Combine(Folder.Path, "file");
        await File.WriteAllTextAsync(file, "in the way", TestContext.Current.CancellationToken);
        await Server.StopAsync();
        var (writer, ledger) = Start(Options with { SpoolDirectory = Path.Combine(file, "spool") });

        writer.Tell(Samples.Points(0, 700));
        await Eventually.HoldsAsync(async () => (await StatusAsync(writer)).LastError?.StartsWith("spool:", StringComparison.Ordinal) == true);
        await Server.StartAgainAsync();
        await ArrivedAsync(700, ledger, Second);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 700));
        (await StatusAsync(writer)).Spool.ShouldBeNull();
    }

    [Fact]
    public async Task The_limit_of_a_spool_is_known_before_it_is_needed()
    {
        var (with, _) = Start(Options with { SpoolBytes = Spool.MinimumBytes });
        var (without, _) = Start(Options with { SpoolDirectory = null });

        (await StatusAsync(with)).SpoolLimit.ShouldBe(Spool.MinimumBytes);
        (await StatusAsync(without)).SpoolLimit.ShouldBe(0);
    }
}
