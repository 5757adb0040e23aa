using Akka.Actor;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class DataKitWriterCloseTests() : DataKitWriterTestKit("""akka.loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]""")
{
    /// <summary>Points are held for a while, so that there is something to close.</summary>
    private new DataKitOptions Options => base.Options with { Linger = TimeSpan.FromMilliseconds(50) };

    [Fact]
    public async Task Closing_delivers_what_is_held()
    {
        var (writer, ledger) = Start(Options);
        writer.Tell(Samples.Points(0, 1700));

        // The clock stands still: neither the linger nor the grace is over, however slow this machine is.
        await writer.Ask<OutputClosed>(CloseOutput.Instance, TestContext.Current.CancellationToken);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 1700));
        Account(ledger).InFlight.ShouldBe(0);
        Directory.EnumerateFileSystemEntries(Folder.Path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_cannot_be_delivered_at_the_end_is_delivered_after_the_next_start(bool refuses)
    {
        Server.Otherwise = refuses ? Misbehaviour.ServerError : Misbehaviour.NeverAnswers;
        var (writer, ledger) = Start(Options);
        writer.Tell(Samples.Points(0, 1700));
        await Eventually.HoldsAsync(() => Server.Requests > 0, meanwhile: Moment);

        await CloseAsync(writer);
        (await writer.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken)).Spool!.Points.ShouldBe(1700);
        var before = Account(ledger);
        (before.In, before.Out, before.InFlight).ShouldBe((1700, 0, 1700));
        await StopAsync(writer);
        Server.Otherwise = Misbehaviour.None;
        var (next, nextLedger) = Start(Options);
        next.Tell(Samples.Points(1700, 10));
        await Eventually.HoldsAsync(() => Server.Accepted.Count >= 1710, meanwhile: Moment);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 1710));
        await Eventually.HoldsAsync(() => Account(nextLedger) is { In: 1710, Out: 1710, InFlight: 0 });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1700)]
    public async Task What_comes_after_the_close_is_spooled(int before)
    {
        Server.Otherwise = Misbehaviour.NeverAnswers;
        var (writer, ledger) = Start(Options);
        writer.Tell(Samples.Points(0, before));
        await CloseAsync(writer);

        writer.Tell(Samples.Points(before, 194));
        await Eventually.HoldsAsync(async () => await StatusAsync(writer) is { QueuePoints: 0, Spool.Points: var points } && points == before + 194);
        await StopAsync(writer);

        Account(ledger).Lost.ShouldBeEmpty();
        Account(ledger).InFlight.ShouldBe(before + 194);
        Server.Otherwise = Misbehaviour.None;
        Start(Options);
        await Eventually.HoldsAsync(() => Server.Accepted.Count >= before + 194, meanwhile: Moment);
        Server.Numbers().ShouldBe(Enumerable.Range(0, before + 194));
    }

    [Fact]
    public async Task A_spool_that_is_removed_before_the_stop_is_missed_and_its_points_are_counted()
    {
        await Server.StopAsync();
        var (writer, ledger) = Start(Options);
        writer.Tell(Samples.Points(0, 1700));
        await Eventually.HoldsAsync(async () => await StatusAsync(writer) is { Spool.Points: 1700 }, meanwhile: Moment);
        Directory.Delete(Folder.Path, recursive: true);

        await EventFilter.Warning(contains: "Files of the spool were removed or shortened by somebody, 1700 points are lost").ExpectOneAsync(
            () => CloseAsync(writer), TestContext.Current.CancellationToken);

        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["spool-removed"] = 1700 });
        Account(ledger).InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task A_spool_that_opens_while_the_writer_stops_is_closed_again()
    {
        await Server.StopAsync();
        for (var i = 0; i < 20; i++)
        {
            var (writer, _) = Start(base.Options with { MaxBatchPoints = 500 });
            writer.Tell(Samples.Points(0, 500));
            await StatusAsync(writer);
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            await StopAsync(writer);

            // Its lock would be in the way.
            await Eventually.HoldsAsync(() =>
            {
                try
                {
                    new Spool(Folder.Path, Spool.MinimumBytes, new LedgerStage("datakit", "points")).Dispose();
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            });
        }
    }

    [Fact]
    public async Task Replaying_points_that_DataKit_will_restamp_is_told_once()
    {
        await Server.StopAsync();
        var (writer, _) = Start(Options);
        writer.Tell(Samples.Points(0, 1700));
        await CloseAsync(writer);
        await StopAsync(writer);
        Time.Advance(TimeSpan.FromHours(3));
        await Server.StartAgainAsync();

        await EventFilter.Warning(contains: "__orig_time").ExpectOneAsync(
            async () =>
            {
                Start(Options);
                await Eventually.HoldsAsync(() => Server.Accepted.Count >= 1700, meanwhile: Moment);
            },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_post_without_an_answer_and_all_behind_it_are_spooled_when_the_grace_is_over()
    {
        Server.Otherwise = Misbehaviour.NeverAnswers;
        var (writer, ledger) = Start(base.Options);
        await BeginToCloseAsync(writer);

        Clock.Advance(Options.CloseGrace - TimeSpan.FromMilliseconds(1));
        (await StatusAsync(writer)).Spool.ShouldBeNull();
        HasMessages.ShouldBeFalse();
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await ExpectMsgAsync<OutputClosed>(cancellationToken: TestContext.Current.CancellationToken);

        (await StatusAsync(writer)).Spool!.Points.ShouldBe(1700);
        Account(ledger).Lost.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_spool_what_gets_no_answer_is_lost_with_its_number()
    {
        Server.Otherwise = Misbehaviour.NeverAnswers;
        var (writer, ledger) = Start(base.Options with { SpoolDirectory = null });
        await BeginToCloseAsync(writer);

        await EventFilter.Warning(contains: "1700 points were neither delivered nor spooled").ExpectOneAsync(
            async () =>
            {
                Clock.Advance(Options.CloseTimeout);
                await ExpectMsgAsync<OutputClosed>(cancellationToken: TestContext.Current.CancellationToken);
            },
            TestContext.Current.CancellationToken);

        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["shutdown"] = 1700 });
        Account(ledger).InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task A_writer_that_is_stopped_before_it_has_closed_counts_what_it_held()
    {
        Server.Otherwise = Misbehaviour.NeverAnswers;
        var (writer, ledger) = Start(base.Options with { SpoolDirectory = null });
        await BeginToCloseAsync(writer);

        await StopAsync(writer);

        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["shutdown"] = 1700 });
        Account(ledger).InFlight.ShouldBe(0);
    }

    [Fact]
    public void The_agent_waits_longer_for_its_outputs_than_the_writer_for_DataKit()
    {
        var (writer, agent) = (new DataKitOptions(), new StopDeadlines());

        (agent.Outputs - writer.CloseGrace).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(700), "the rest has to be written to the spool");
        (agent.Outputs - writer.CloseTimeout).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(200), "what is lost has to be counted and told");
    }

    [Fact]
    public async Task Without_a_spool_the_rest_is_lost_and_counted()
    {
        await Server.StopAsync();
        var (writer, ledger) = Start(Options with { SpoolDirectory = null });
        writer.Tell(Samples.Points(0, 1700));

        await CloseAsync(writer);
        writer.Tell(Samples.Points(1700, 3));
        await writer.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken);

        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["shutdown"] = 1700, ["writer-closed"] = 3 }, ignoreOrder: true);
        Account(ledger).InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task A_writer_that_takes_over_in_the_same_process_counts_nothing_twice()
    {
        await Server.StopAsync();
        var (writer, ledger) = Start(Options);
        writer.Tell(Samples.Points(0, 1700));
        await Eventually.HoldsAsync(async () => await writer.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken) is { Spool.Points: 1700 }, meanwhile: Moment);
        await StopAsync(writer);
        await Server.StartAgainAsync();

        Sys.ActorOf(DataKitWriter.Props(Options, ledger, Time));
        await Eventually.HoldsAsync(() => Server.Accepted.Count >= 1700, meanwhile: Moment);

        await Eventually.HoldsAsync(() => Account(ledger) is { In: 1700, Out: 1700, InFlight: 0 });
    }

    [Fact]
    public async Task Memory_of_a_writer_that_was_stopped_is_lost_in_the_next_ones_account()
    {
        await Server.StopAsync();
        var (writer, ledger) = Start(Options with { SpoolDirectory = null });
        writer.Tell(Samples.Points(0, 20));
        await writer.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken);
        await StopAsync(writer);

        var next = Sys.ActorOf(DataKitWriter.Props(Options with { SpoolDirectory = null }, ledger, Time));
        await next.Ask<WriterStatus>(GetWriterStatus.Instance, TestContext.Current.CancellationToken);

        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["writer-restart"] = 20 });
    }

    [Fact]
    public async Task The_last_error_is_told_and_a_flood_of_them_is_not()
    {
        var (writer, _) = Start(Options);

        writer.Tell(new ReportLastError("get offset failed: \"x\""));
        writer.Tell(new ReportLastError("and again"));
        await Eventually.HoldsAsync(() => Server.LastErrors.Count > 0);

        await CloseAsync(writer);
        Server.LastErrors.ShouldHaveSingleItem().ShouldBe("""{"input":"ebpf","source":"","err_content":"get offset failed: \u0022x\u0022"}""");
    }

    /// <summary>Returns with 500 points on their way to DataKit, 1200 behind them, and the writer closing.</summary>
    private async Task BeginToCloseAsync(IActorRef writer)
    {
        writer.Tell(Samples.Points(0, 1700));
        await Eventually.HoldsAsync(() => Server.Requests > 0);
        writer.Tell(CloseOutput.Instance, TestActor);
        await StatusAsync(writer);
    }

    private async Task CloseAsync(IActorRef writer)
    {
        var closed = writer.Ask<OutputClosed>(CloseOutput.Instance, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => closed.IsCompleted, meanwhile: Moment);
        await closed;
    }

    private async Task StopAsync(IActorRef writer)
    {
        await WatchAsync(writer);
        Sys.Stop(writer);
        await ExpectTerminatedAsync(writer);
    }

    private void Moment() => Clock.Advance(TimeSpan.FromMilliseconds(100));
}
