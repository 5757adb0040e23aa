using Akka.Actor;
using Akka.TestKit;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class DataKitWriterLimitsTests : Akka.TestKit.Xunit.TestKit
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FlowLedger _ledger = new();
    private DataKitServer _server = null!;

    public DataKitWriterLimitsTests()
        : base("""akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """)
    {
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    private LedgerEntry Account => _ledger.Snapshot().Single(e => e.Stage == "datakit");

    private DataKitOptions Options => new()
    {
        BaseAddress = _server.Address,
        SpoolDirectory = _directory.Path,
        Linger = TimeSpan.Zero,
        MaxBatchPoints = 500,
    };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _server = await DataKitServer.StartAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Without_a_spool_the_oldest_points_are_dropped_and_counted()
    {
        await _server.StopAsync();
        var writer = Start(Options with { SpoolDirectory = null, MaxMemoryPoints = 1000 });

        writer.Tell(Samples.Points(0, 500));
        await Eventually.HoldsAsync(async () => (await StatusAsync(writer)).State == WriterState.BackingOff);
        writer.Tell(Samples.Points(500, 1700));
        await StatusAsync(writer);
        Account.Lost.ShouldBe(new Dictionary<string, long> { ["queue-full"] = 700 });
        await _server.StartAgainAsync();
        await ArrivedAsync(1500, Second);

        _server.Numbers().ShouldBe([.. Enumerable.Range(0, 500), .. Enumerable.Range(1200, 1000)]);
        await Eventually.HoldsAsync(() => Account.InFlight == 0);
    }

    [Fact]
    public async Task A_point_that_DataKit_would_lose_in_silence_is_counted_instead()
    {
        var writer = Start(Options);

        writer.Tell(new WritePoints(PointEndpoint.Netflow, [new byte[1 << 20], Samples.Line(1)]));
        await ArrivedAsync(1);

        Account.Lost.ShouldBe(new Dictionary<string, long> { ["too-large"] = 1 });
    }

    [Fact]
    public async Task A_spool_that_cannot_be_opened_leaves_the_memory()
    {
        var file = Path.Combine(_directory.Path, "file");
        await File.WriteAllTextAsync(file, "in the way", TestContext.Current.CancellationToken);
        await _server.StopAsync();
        var writer = Start(Options with { SpoolDirectory = Path.Combine(file, "spool") });

        writer.Tell(Samples.Points(0, 700));
        await Eventually.HoldsAsync(async () => (await StatusAsync(writer)).LastError?.StartsWith("spool:", StringComparison.Ordinal) == true);
        await _server.StartAgainAsync();
        await ArrivedAsync(700, Second);

        _server.Numbers().ShouldBe(Enumerable.Range(0, 700));
        (await StatusAsync(writer)).Spool.ShouldBeNull();
    }

    private IActorRef Start(DataKitOptions options)
    {
        options.Problems().ShouldBeEmpty();
        return Sys.ActorOf(DataKitWriter.Props(options, _ledger));
    }

    private Task ArrivedAsync(int points, Action? meanwhile = null) =>
        Eventually.HoldsAsync(() => _server.Accepted.Count >= points, meanwhile, () => $"{_server.Accepted.Count} of {points} arrived, {Account}");

    private static Task<WriterStatus> StatusAsync(IActorRef writer) => writer.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken);

    private void Second() => Clock.Advance(TimeSpan.FromSeconds(1));
}
