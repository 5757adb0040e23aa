using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

/// <summary>A writer with a DataKit of its own to write to, a folder for its spool, and a clock that the test moves.</summary>
/// <remarks>Requests time out by another clock, which stands still: however slow this machine is, none does unless the test says so.</remarks>
public abstract class DataKitWriterTestKit(string more = "") : Akka.TestKit.Xunit.TestKit(
    ConfigurationFactory.ParseString(
        $"""
         akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
         {more}
         """).WithFallback(VirtualTime.RealTime))
{
    private protected TemporaryFolder Folder { get; } = new();

    private protected DataKitServer Server { get; private set; } = null!;

    /// <summary>By which requests time out and points are stamped.</summary>
    private protected FakeTimeProvider Time { get; } = new();

    /// <summary>By which the writer lingers, backs off and closes.</summary>
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
        return (Sys.ActorOf(DataKitWriter.Props(options, ledger, Time)), ledger);
    }

    private protected Task ArrivedAsync(int points, FlowLedger ledger, Action? meanwhile = null) =>
        Eventually.HoldsAsync(() => Server.Accepted.Count >= points, () => $"{Server.Accepted.Count} of {points} arrived, {Account(ledger)}", meanwhile: meanwhile);

    private protected void Second() => Clock.Advance(TimeSpan.FromSeconds(1));
}
