using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flush;

/// <summary>HTTP exchanges through the scheduler and real aggregators.</summary>
public sealed class HttpFlushTests : TestKit
{
    private static readonly FlushOptions Options = new()
    {
        Interval = TimeSpan.FromSeconds(10),
        IdleAfter = TimeSpan.FromSeconds(60),
        MaxKeys = 3,
        CrowdFrom = 2,
        HttpPaths = new HttpPathLimits { PerFlow = 4, Total = 6 },
    };

    private readonly RealFlush _flush;

    public HttpFlushTests()
        : base(VirtualTime.Config.WithFallback(ConfigurationFactory.ParseString("akka.test.filter-leeway = 10s"))) => _flush = new RealFlush(this, Options);

    [Fact]
    public async Task Both_measurements_of_a_flush_go_to_their_endpoints_with_one_timestamp()
    {
        await Feed(Some.Exchange(path: "/a"), Some.Exchange(path: "/b"), Some.Exchange(path: "/a"));
        _flush.Scheduler.Tell(Some.Batch(_flush.Ledger, _flush.Credits, Some.Delta()));

        var window = await Flush();

        window.Flows.Endpoint.ShouldBe(PointEndpoint.Netflow);
        PointEndpoint.Httpflow.ShouldBe(new PointEndpoint("/v1/write/network", "ebpf-net/httpflow"));
        window.Http.Select(p => (p.Fields["path"], p.Fields["count"])).ShouldBe([("/a", 2L), ("/b", 1L)], ignoreOrder: true);
        window.Http.Select(p => p.Time).Append(LineParser.Parse(Encoding.UTF8.GetString(window.Flows.Lines[0])).Time).Distinct().Count().ShouldBe(1);
        await ShouldBalance(inFlight: 0);
        _flush.Ledger.HttpEntry().Out.ShouldBe(3);
        _flush.Credits.UnderWay.ShouldBe(0);
    }

    [Fact]
    public async Task A_key_on_which_only_http_did_something_makes_no_netflow_point_and_no_row_for_people()
    {
        await Feed(Some.Exchange());

        var window = await Flush();

        window.Http.Count.ShouldBe(1);
        window.Flows.Lines.ShouldBeEmpty();
        window.Flushed.Flows.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_late_part_alone_is_a_point_that_counts_nothing_and_is_no_exchange_of_the_ledger()
    {
        await Feed(Some.Exchange(read: 1));
        await Flush();
        await Feed(Some.Exchange(count: 0, read: 5_368_709_120));

        var point = (await Flush()).Http.Single();

        (point.Fields["count"], point.Fields["latency"], point.Fields["bytes_read"]).ShouldBe((0L, 0L, 5_368_709_120L));
        (_flush.Ledger.HttpEntry().In, _flush.Ledger.HttpEntry().Out).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Paths_are_free_for_other_keys_one_flush_after_their_last_exchange()
    {
        await Feed([.. Paths(4, pid: 1), .. Paths(4, pid: 2, "b")]);
        (await Flush()).Http.Sum(p => p.Fields["path"].Equals(CardinalityGovernor.Other) ? (long)p.Fields["count"] : 0).ShouldBe(2);
        (await Flush()).Http.ShouldBeEmpty();

        await Feed(Paths(4, pid: 2, "b"));

        (await Flush()).Http.Select(p => p.Fields["path"]).ShouldBe(["/b0", "/b1", "/b2", "/b3"], ignoreOrder: true);
        await ShouldBalance(inFlight: 0);
    }

    [Fact]
    public async Task A_crashed_aggregator_costs_exactly_its_exchanges_and_frees_its_paths()
    {
        await Feed([.. Paths(4, pid: 1), Some.Exchange(Some.Flow(pid: 1), count: 0)]);
        var aggregator = await Sys.ActorSelection(_flush.Scheduler.Path / "*").ResolveOne(Eventually.Patience);
        aggregator.Tell(Kill.Instance);
        await Eventually.HoldsAsync(async () => (await _flush.Status()).Aggregators == 0);

        _flush.Ledger.HttpEntry().Lost.ShouldBe(new Dictionary<string, long> { ["aggregator-crashed"] = 4 });
        await ShouldBalance(inFlight: 0);
        await Feed([.. Paths(4, pid: 2, "b"), .. Paths(2, pid: 3, "c")]);
        (await Flush()).Http.ShouldNotContain(p => p.Fields["path"].Equals(CardinalityGovernor.Other));
    }

    [Fact]
    public async Task Exchanges_of_keys_beyond_the_limit_are_counted_as_lost()
    {
        await Feed([.. Enumerable.Range(1, 5).SelectMany(pid => Paths(2, (uint)pid))]);

        _flush.Ledger.HttpEntry().Lost.ShouldBe(new Dictionary<string, long> { ["too-many-keys"] = 4 });
        await ShouldBalance(inFlight: 6);
    }

    [Fact]
    public async Task A_stopped_scheduler_counts_the_exchanges_that_it_held_as_lost()
    {
        await Feed(Paths(3, pid: 1));
        await WatchAsync(_flush.Scheduler);

        Sys.Stop(_flush.Scheduler);
        await ExpectTerminatedAsync(_flush.Scheduler);

        _flush.Ledger.HttpEntry().Lost.ShouldBe(new Dictionary<string, long> { ["flush-stopped"] = 3 });
        _flush.Ledger.FlowsEntry().Lost.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_aggregator_that_is_asked_only_for_what_it_keeps_is_not_let_go_before_its_answer()
    {
        for (var i = 0; i < 50; i++)
        {
            await Feed(Some.Exchange());
            await Flush();

            // The second flush finds no exchange and drops the bucket; without an answer it would not end, as no time passes.
            (await Flush()).Http.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task The_log_names_the_process_with_too_many_paths()
    {
        await Feed(Paths(7, pid: 900));

        await EventFilter.Warning(contains: "too many paths: 3 of curl (pid 900)").ExpectOneAsync(async () => await Flush());
        await Feed(Paths(7, pid: 900));
        await EventFilter.Warning(contains: "too many paths").ExpectAsync(0, TimeSpan.FromMilliseconds(50), async () => await Flush());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2026)]
    [InlineData(987_654_321)]
    public async Task Whatever_happens_counts_bytes_and_the_ledger_agree(int seed)
    {
        var random = new Random(seed);
        var (fed, seen) = ((Count: 0L, Bytes: 0L), (Count: 0L, Bytes: 0L));
        for (var round = 0; round < 60; round++)
        {
            var exchanges = Enumerable.Range(0, random.Next(0, 20)).Select(_ => Some.Exchange(
                Some.Flow(pid: (uint)random.Next(1, 4)), path: $"/{random.Next(12)}", count: (uint)random.Next(2), read: (ulong)random.NextInt64(1, 1L << 33))).ToArray();
            fed = (fed.Count + exchanges.Sum(e => e.Count), fed.Bytes + exchanges.Sum(e => (long)e.BytesRead));
            await Feed(exchanges);
            await ShouldBalance(inFlight: (await _flush.Status()).ExchangesHeld);
            if (random.Next(3) == 0)
            {
                Sum(await Flush());
            }
        }

        Sum(await Flush());
        seen.ShouldBe(fed);
        _flush.Ledger.HttpEntry().Lost.ShouldBeEmpty();
        await ShouldBalance(inFlight: 0);

        void Sum(Window window) => seen = (
            seen.Count + window.Http.Sum(p => (long)p.Fields["count"]), seen.Bytes + window.Http.Sum(p => (long)p.Fields["bytes_read"]));
    }

    private static HttpExchange[] Paths(int count, uint pid, string root = "") =>
        [.. Enumerable.Range(0, count).Select(i => Some.Exchange(Some.Flow(pid: pid), path: $"/{root}{i}"))];

    private Task Feed(params HttpExchange[] exchanges) => _flush.Feed(Some.Batch(_flush.Ledger, _flush.Credits, exchanges));

    private async Task<Window> Flush()
    {
        var (points, flushed) = await _flush.Flush();
        var http = points.Where(p => p.Endpoint == PointEndpoint.Httpflow).SelectMany(p => p.Lines).Select(l => LineParser.Parse(Encoding.UTF8.GetString(l)));
        return new Window(points.FirstOrDefault(p => p.Endpoint != PointEndpoint.Httpflow) ?? new(PointEndpoint.Netflow, []), [.. http], flushed);
    }

    private async Task ShouldBalance(long inFlight)
    {
        await _flush.Scheduler.Barrier();
        _flush.Ledger.HttpEntry().InFlight.ShouldBe(inFlight);
        (await _flush.Status()).ExchangesHeld.ShouldBe(inFlight);
    }

    private sealed record Window(WritePoints Flows, IReadOnlyList<ParsedPoint> Http, FlushedFlows Flushed);
}
