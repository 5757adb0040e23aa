using System.Text;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using EbpfActors.Probes.Net;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Http;

public sealed class HttpBucketsTests
{
    private readonly HttpSumsPool _pool = new();
    private readonly CardinalityBudget _budget = new(100);
    private readonly HttpflowLineRenderer _renderer = Some.Renderers().Http;

    [Fact]
    public void Paths_beyond_the_bound_are_summed_under_one_with_exact_counts()
    {
        var buckets = new HttpBuckets(new HttpPathLimits { PerFlow = 2 }, _budget);
        for (var i = 0; i < 10; i++)
        {
            Add(buckets, Some.Exchange(path: $"/{i}", read: 1, truncated: i == 9), Some.Exchange(path: $"/{i}", read: 1));
        }

        var points = Flush(buckets, out var flushed);

        points.Select(p => (p.Fields["path"], p.Fields["count"], p.Fields["bytes_read"], p.Fields["truncated"])).ShouldBe(
            [("/0", 2L, 2L, false), ("/1", 2L, 2L, false), ("~other", 16L, 16L, false)], ignoreOrder: true);
        (flushed.Overflowed, flushed.Load.Exchanges).ShouldBe((16, 20));
        _budget.Taken.ShouldBe(2);
    }

    [Fact]
    public void A_spent_total_sends_new_paths_of_every_key_to_the_rest_and_keeps_known_ones()
    {
        var budget = new CardinalityBudget(1);
        var (one, two) = (new HttpBuckets(new HttpPathLimits(), budget), new HttpBuckets(new HttpPathLimits(), budget));
        Add(one, Some.Exchange(path: "/known"));
        Add(two, Some.Exchange(path: "/new"));
        Add(one, Some.Exchange(path: "/known", status: 500), Some.Exchange(path: "/known"));

        Flush(one, out _).Select(p => (p.Fields["path"], p.Fields["count"])).ShouldBe([("/known", 2L), ("/known", 1L)], ignoreOrder: true);
        Flush(two, out _).Single().Fields["path"].ShouldBe(CardinalityGovernor.Other);
        one.Release();
        budget.Taken.ShouldBe(0);
    }

    [Fact]
    public void A_bucket_without_news_is_not_reported_dropped_and_frees_its_path()
    {
        var buckets = new HttpBuckets(new HttpPathLimits(), _budget);
        Add(buckets, Some.Exchange(path: "/a"), Some.Exchange(path: "/a", status: 404), Some.Exchange(path: "/b"));
        Flush(buckets, out var first).Count.ShouldBe(3);
        first.Buckets.ShouldBe(3);
        Add(buckets, Some.Exchange(path: "/a"));

        Flush(buckets, out var second).Single().Fields["count"].ShouldBe(1L);
        (second.Buckets, _budget.Taken).ShouldBe((1, 1));
        Flush(buckets, out var third).ShouldBeEmpty();
        (third.Buckets, third.Load.IsEmpty, _budget.Taken).ShouldBe((0, true, 0));
    }

    [Fact]
    public void Invented_methods_do_not_fill_the_memory_either_and_are_counted()
    {
        var buckets = new HttpBuckets(new HttpPathLimits { PerFlow = 1 }, _budget);
        for (var i = 0; i < 5000; i++)
        {
            Add(buckets, Some.Exchange(method: $"M{i}"));
        }

        buckets.Count.ShouldBeLessThan(300);
        Add(buckets, Some.Exchange(path: "/late"));
        var points = Flush(buckets, out _);
        points.Sum(p => (long)p.Fields["count"]).ShouldBe(5001);
        points.ShouldContain(p => p.Fields["method"].Equals("GET") && p.Fields["path"].Equals(CardinalityGovernor.Other));
    }

    [Fact]
    public void Five_gibibytes_in_parts_are_five_gibibytes_in_one_point()
    {
        var buckets = new HttpBuckets(new HttpPathLimits(), _budget);
        Add(buckets, Some.Exchange(read: 1UL << 30, written: 0));
        for (var i = 0; i < 4; i++)
        {
            Add(buckets, Some.Exchange(count: 0, read: 1UL << 30, written: 0));
        }

        var point = Flush(buckets, out var flushed).Single();
        (point.Fields["bytes_read"], point.Fields["count"]).ShouldBe((5_368_709_120L, 1L));
        flushed.Load.Parts.ShouldBe(5);
    }

    [Fact]
    public void Whatever_the_order_the_batching_and_the_flushes_the_sums_are_those_of_the_input()
    {
        var exchange =
            from path in Gen.Elements("/a", "/b", "/c")
            from method in Gen.Elements("GET", "PURGE")
            from status in Gen.Elements((ushort)200, (ushort)404)
            from truncated in ArbMap.Default.GeneratorFor<bool>()
            from count in Gen.Choose(0, 1)
            from read in Gen.Choose(0, int.MaxValue)
            select Some.Exchange(method: method, path: path, status: status, count: (uint)count, read: (ulong)read * 4, written: 1, truncated: truncated);
        // After each batch: 0 leaves it at that, 1 flushes, 2 flushes twice, which drops everything.
        var batches = Gen.Zip(exchange.ListOf(), Gen.Choose(0, 2)).ListOf();

        Prop.ForAll(batches.ToArbitrary(), given =>
        {
            var buckets = new HttpBuckets(new HttpPathLimits(), _budget);
            var points = new List<ParsedPoint>();
            foreach (var (exchanges, flushes) in given)
            {
                Add(buckets, [.. exchanges]);
                for (var i = 0; i < flushes; i++)
                {
                    points.AddRange(Flush(buckets, out _));
                }
            }

            points.AddRange(Flush(buckets, out _));
            buckets.Release();

            Sums(points.Select(p => (Bucket(p), (long)p.Fields["count"], (long)p.Fields["bytes_read"], (long)p.Fields["bytes_written"])))
                .ShouldBe(Sums(given.SelectMany(b => b.Item1).Select(
                    e => (HttpBucketKey.Of(e), (long)e.Count, (long)e.BytesRead, (long)e.BytesWritten))), ignoreOrder: true);
            _budget.Taken.ShouldBe(0);
        }).QuickCheckThrowOnFailure();
    }

    private void Add(HttpBuckets buckets, params HttpExchange[] exchanges)
    {
        var sums = _pool.Take();
        Array.ForEach(exchanges, e => sums.Add(e));
        buckets.Add(sums);
    }

    private List<ParsedPoint> Flush(HttpBuckets buckets, out HttpFlushed flushed)
    {
        flushed = buckets.Flush(_renderer, _renderer.TagPrefix(Some.Key()), 77);
        return [.. flushed.Lines.Select(l => LineParser.Parse(Encoding.UTF8.GetString(l)))];
    }

    private static HttpBucketKey Bucket(ParsedPoint point) => new(
        (string)point.Fields["method"],
        (string)point.Fields["path"],
        (ushort)(long)point.Fields["status_code"],
        (string)point.Fields["http_version"],
        (bool)point.Fields["truncated"]);

    private static IEnumerable<(HttpBucketKey Key, long Count, long Read, long Written)> Sums(
        IEnumerable<(HttpBucketKey Key, long Count, long Read, long Written)> parts) =>
        parts.GroupBy(p => p.Key).Select(g => (g.Key, g.Sum(p => p.Count), g.Sum(p => p.Read), g.Sum(p => p.Written)));
}
