using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flush;

/// <summary>DNS exchanges through the scheduler and real aggregators.</summary>
public sealed class DnsFlushTests : TestKit
{
    private static readonly FlushOptions Options = new()
    {
        Interval = TimeSpan.FromSeconds(10),
        MaxKeys = 3,
        DnsNames = new DnsNameLimits { PerFlow = 2, Total = 3 },
    };

    private readonly RealFlush _flush;

    public DnsFlushTests()
        : base(VirtualTime.Config) => _flush = new RealFlush(this, Options);

    [Fact]
    public async Task Batches_of_one_window_are_one_point_for_each_code()
    {
        await Feed(Some.Query(latency: 10), Some.Query(latency: 20, rcode: 3));
        await Feed(Some.Query(latency: 30), Some.Query(rcode: -1, latency: 0));

        var points = await Flush();

        points.Select(p => ((long)p.Fields["rcode"], (long)p.Fields["count"], (long)p.Fields["latency"], (long)p.Fields["latency_max"])).ShouldBe(
            [(0, 2, 20, 30), (3, 1, 20, 20), (-1, 1, 0, 0)]);
        points.ShouldAllBe(p => p.Measurement == "dnsflow" && !p.Tags.ContainsKey("pid") && p.Tags["src_port"] == "*");
        await ShouldBalance(inFlight: 0);
        (await Flush()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Names_beyond_the_bounds_are_counted_as_other_and_every_window_begins_anew()
    {
        for (var window = 0; window < 3; window++)
        {
            await Feed(Named(4, "192.0.2.1"));

            var points = await Flush();
            points.Select(p => (p.Tags["query_name"], p.Tags.GetValueOrDefault("query_type"), (long)p.Fields["count"])).ShouldBe(
                [("0.test", "A", 1), ("1.test", "A", 1), (CardinalityGovernor.Other, null as string, 2)]);
        }

        await ShouldBalance(inFlight: 0);
    }

    [Fact]
    public async Task The_log_says_whose_names_were_too_many()
    {
        await Feed(Named(4, "192.0.2.1"));

        await EventFilter.Warning(contains: "with the name ~other, since there are too many names: 2 of ").ExpectOneAsync(async () => await Flush());
    }

    [Fact]
    public async Task Queries_of_keys_beyond_the_limit_and_of_a_crashed_aggregator_are_counted_as_lost()
    {
        await Feed([.. Enumerable.Range(1, 5).SelectMany(i => Named(2, $"192.0.2.{i}"))]);
        _flush.Ledger.DnsEntry().Lost.ShouldBe(new Dictionary<string, long> { ["too-many-keys"] = 4 });

        var aggregator = await Sys.ActorSelection(_flush.Scheduler.Path / "*").ResolveOne(Eventually.Patience);
        aggregator.Tell(Kill.Instance);
        await Eventually.HoldsAsync(() => _flush.Ledger.DnsEntry().Lost.ContainsKey("aggregator-crashed"));

        _flush.Ledger.DnsEntry().Lost["aggregator-crashed"].ShouldBe(2);
        (await Flush()).Sum(p => (long)p.Fields["count"]).ShouldBe(4);
        await ShouldBalance(inFlight: 0);
    }

    private static DnsExchange[] Named(int count, string server) =>
        [.. Enumerable.Range(0, count).Select(i => Some.Query(Some.Asking(server: server), name: $"{i}.test"))];

    private Task Feed(params DnsExchange[] queries) =>
        _flush.Feed(Some.Batch(_flush.Ledger, _flush.Credits, new FlowTableOptions { DnsNames = queries[0].Name.Length > 0 }, queries));

    private async Task<IReadOnlyList<ParsedPoint>> Flush() =>
    [
        .. (await _flush.Flush()).Points.Where(p => p.Endpoint == PointEndpoint.Dnsflow)
            .SelectMany(p => p.Lines).Select(l => LineParser.Parse(Encoding.UTF8.GetString(l))),
    ];

    private async Task ShouldBalance(long inFlight)
    {
        await _flush.Scheduler.Barrier();
        _flush.Ledger.DnsEntry().InFlight.ShouldBe(inFlight);
        (await _flush.Status()).QueriesHeld.ShouldBe(inFlight);
    }
}
