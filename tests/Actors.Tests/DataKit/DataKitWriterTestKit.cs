using Akka.Actor;
using Akka.TestKit;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

/// <summary>A writer with a DataKit of its own to write to, a folder for its spool, and a clock that the test moves.</summary>
public abstract class DataKitWriterTestKit(string more = "") : Akka.TestKit.Xunit.TestKit(
    $"""
     akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
     {more}
     """)
{
    private protected TemporaryDirectory Folder { get; } = new();

    private protected DataKitServer Server { get; private set; } = null!;

    private protected TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    private protected DataKitOptions Options => new()
    {
        BaseAddress = Server.Address,
        SpoolDirectory = Folder.Path,
        Linger = TimeSpan.Zero,
        MaxBatchPoints = 500,
    };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Server = await DataKitServer.StartAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Server.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static LedgerEntry Account(FlowLedger ledger) => ledger.Snapshot().Single(e => e.Stage == "datakit");

    private protected static Task<WriterStatus> StatusAsync(IActorRef writer) =>
        writer.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken);

    private protected (IActorRef Writer, FlowLedger Ledger) Start(DataKitOptions options)
    {
        options.Problems().ShouldBeEmpty();
        var ledger = new FlowLedger();
        return (Sys.ActorOf(DataKitWriter.Props(options, ledger)), ledger);
    }

    private protected Task ArrivedAsync(int points, FlowLedger ledger, Action? meanwhile = null) =>
        Eventually.HoldsAsync(() => Server.Accepted.Count >= points, meanwhile, () => $"{Server.Accepted.Count} of {points} arrived, {Account(ledger)}");

    private protected void Second() => Clock.Advance(TimeSpan.FromSeconds(1));
}
