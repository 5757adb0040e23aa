using Akka.Actor;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Points;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class DataKitWriterTests() : DataKitWriterTestKit("""akka.loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]""")
{
    [Fact]
    public async Task Points_arrive_once_in_order_and_at_their_endpoint()
    {
        var (writer, ledger) = Start(Options);
        var bash = new PointEndpoint("/v1/write/logging", "ebpf-bash");

        writer.Tell(Samples.Points(0, 1200));
        writer.Tell(Samples.Points(1200, 3, bash));
        await ArrivedAsync(1203, ledger);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 1203));
        Server.Accepted.First().ShouldSatisfyAllConditions(l => l.Path.ShouldBe("/v1/write/network"), l => l.Input.ShouldBe("ebpf-net/netflow"));
        Server.Accepted.Last().ShouldSatisfyAllConditions(l => l.Path.ShouldBe("/v1/write/logging"), l => l.Input.ShouldBe("ebpf-bash"));
        await Eventually.HoldsAsync(() => Account(ledger) is { In: 1203, Out: 1203, InFlight: 0 });
        Directory.EnumerateFileSystemEntries(Folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_that_is_not_full_waits_for_the_linger()
    {
        var (writer, ledger) = Start(Options with { Linger = TimeSpan.FromMilliseconds(50) });

        writer.Tell(Samples.Points(0, 1));
        writer.Tell(Samples.Points(1, 1));
        (await StatusAsync(writer)).QueuePoints.ShouldBe(2);
        Server.Requests.ShouldBe(0);
        Clock.Advance(TimeSpan.FromMilliseconds(50));
        await ArrivedAsync(2, ledger);

        Server.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task An_outage_of_minutes_costs_no_point_and_no_order()
    {
        await Server.StopAsync();
        var (writer, ledger) = Start(Options);
        for (var i = 0; i < 100; i++)
        {
            writer.Tell(Samples.Points(i * 1000, 1000));
        }

        await Eventually.HoldsAsync(async () => await StatusAsync(writer) is { QueuePoints: 0, Spool.Points: 100_000 }, meanwhile: Second);
        var minutes = Clock.Now + TimeSpan.FromMinutes(10);
        await Eventually.HoldsAsync(() => Clock.Now > minutes, meanwhile: Second);

        // A try may be under way, or have just failed.
        (await StatusAsync(writer)).ShouldSatisfyAllConditions(
            s => s.State.ShouldBe(WriterState.BackingOff), s => s.LastError.ShouldNotBeNull(), s => s.LastSuccess.ShouldBeNull());
        Account(ledger).InFlight.ShouldBe(100_000);

        await Server.StartAgainAsync();
        writer.Tell(Samples.Points(100_000, 10));
        await ArrivedAsync(100_010, ledger, Second);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 100_010));
        await Eventually.HoldsAsync(async () => await StatusAsync(writer) is { State: WriterState.Healthy, Spool: { Entries: 0, Points: 0 } });
        Account(ledger).ShouldSatisfyAllConditions(a => a.In.ShouldBe(100_010), a => a.Out.ShouldBe(100_010), a => a.Lost.ShouldBeEmpty());
    }

    [Fact]
    public async Task A_bad_point_costs_only_itself()
    {
        Server.Refuse = line => Samples.Number(line) == 250;
        var (writer, ledger) = Start(Options);

        writer.Tell(Samples.Points(0, 500));
        await ArrivedAsync(499, ledger);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 500).Where(n => n != 250));
        await Eventually.HoldsAsync(() => Account(ledger).InFlight == 0);
        Account(ledger).Lost.ShouldBe(new Dictionary<string, long> { ["rejected-by-datakit"] = 1 });
        (await StatusAsync(writer)).ShouldSatisfyAllConditions(s => s.PointsRejected.ShouldBe(1), s => s.PointsDropped.ShouldBe(0));
        Server.Requests.ShouldBeLessThan(25);
    }

    [Fact]
    public async Task A_storm_of_429_in_the_middle_of_a_search_costs_nothing()
    {
        Server.Refuse = line => Samples.Number(line) is 17 or 400;
        Server.Next(Misbehaviour.None, Misbehaviour.None, Misbehaviour.None);
        var (writer, ledger) = Start(Options);
        Server.Otherwise = Misbehaviour.TooMany;

        writer.Tell(Samples.Points(0, 1000));
        var later = Clock.Now + TimeSpan.FromMinutes(10);
        await Eventually.HoldsAsync(() => Clock.Now > later, meanwhile: Second);
        Server.Requests.ShouldBeLessThan(60);
        Server.Otherwise = Misbehaviour.None;
        await ArrivedAsync(998, ledger, Second);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 1000).Where(n => n is not (17 or 400)));
        await Eventually.HoldsAsync(() => Account(ledger) is { InFlight: 0, Out: 998 });
    }

    [Theory]
    [InlineData(Misbehaviour.TooLarge)]
    [InlineData(Misbehaviour.Refuses)]
    public async Task A_DataKit_that_refuses_whatever_it_is_sent_gets_few_requests_and_costs_no_point(Misbehaviour misbehaviour)
    {
        Server.Otherwise = misbehaviour;
        var (writer, ledger) = Start(Options);

        writer.Tell(Samples.Points(0, 1000));
        await Eventually.HoldsAsync(async () => await StatusAsync(writer) is { State: WriterState.BackingOff, LastError: not null }, meanwhile: Second);
        var later = Clock.Now + TimeSpan.FromSeconds(60);
        await Eventually.HoldsAsync(() => Clock.Now > later, meanwhile: Second);
        Server.Requests.ShouldBeLessThan(50);
        Server.Otherwise = Misbehaviour.None;
        await ArrivedAsync(1000, ledger, Second);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 1000));
        await Eventually.HoldsAsync(() => Account(ledger) is { InFlight: 0, Out: 1000, Lost.Count: 0 });
    }

    [Fact]
    public async Task TheServer_says_how_long_to_wait()
    {
        Server.Next(Misbehaviour.TooManyRetryAfter);
        var (writer, ledger) = Start(Options);

        await EventFilter.Warning(contains: "next try in 7 s").ExpectOneAsync(
            async () =>
            {
                writer.Tell(Samples.Points(0, 1));
                await Eventually.HoldsAsync(async () => (await StatusAsync(writer)).State == WriterState.BackingOff);
            },
            TestContext.Current.CancellationToken);

        Clock.Advance(TimeSpan.FromSeconds(6));
        (await StatusAsync(writer)).State.ShouldBe(WriterState.BackingOff);
        Server.Requests.ShouldBe(1);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ArrivedAsync(1, ledger);

        Server.Requests.ShouldBe(2);
    }

    [Theory]
    [InlineData(Misbehaviour.KeepsAndDies)]
    [InlineData(Misbehaviour.KeepsAndTruncates)]
    public async Task An_answer_that_got_lost_repeats_its_batch_and_no_other(Misbehaviour misbehaviour)
    {
        Server.Next(Misbehaviour.None, misbehaviour);
        var (writer, ledger) = Start(Options);

        writer.Tell(Samples.Points(0, 1500));
        await ArrivedAsync(2000, ledger, Second);

        Server.Numbers().ShouldBe([.. Enumerable.Range(0, 1000), .. Enumerable.Range(500, 1000)]);
        await Eventually.HoldsAsync(() => Account(ledger) is { InFlight: 0, Out: 1500 });
    }

    [Theory]
    [InlineData(Misbehaviour.ServerError)]
    [InlineData(Misbehaviour.NotFound)]
    [InlineData(Misbehaviour.NeverAnswers)]
    public async Task What_is_no_fault_of_the_points_is_tried_again(Misbehaviour misbehaviour)
    {
        Server.Next(misbehaviour, misbehaviour);
        var (writer, ledger) = Start(Options);

        writer.Tell(Samples.Points(0, 10));
        foreach (var request in new[] { 1, 2 })
        {
            await Eventually.HoldsAsync(() => Server.Requests == request, meanwhile: Second);
            Time.Advance(Options.RequestTimeout);
        }

        await ArrivedAsync(10, ledger, Second);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 10));
        Server.Requests.ShouldBe(3);
    }

    [Fact]
    public async Task A_flood_during_a_slow_answer_goes_to_disk_behind_the_batch_in_flight()
    {
        Server.Next(Misbehaviour.NeverAnswers);
        var (writer, ledger) = Start(Options with { MaxMemoryPoints = 4000 });

        for (var i = 0; i < 20; i++)
        {
            writer.Tell(Samples.Points(i * 1000, 1000));
            await Eventually.HoldsAsync(async () => (await StatusAsync(writer)).QueuePoints <= 1000);
        }

        (await StatusAsync(writer)).Spool!.Points.ShouldBeGreaterThan(18_000);
        Server.Requests.ShouldBe(1);
        Time.Advance(Options.RequestTimeout);
        await ArrivedAsync(20_000, ledger, Second);

        Server.Numbers().ShouldBe(Enumerable.Range(0, 20_000));
        await Eventually.HoldsAsync(() => Account(ledger) is { InFlight: 0, Out: 20_000 });
    }
}
