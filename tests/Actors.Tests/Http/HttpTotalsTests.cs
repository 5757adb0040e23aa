using EbpfActors.Actors.Http;
using EbpfActors.Actors.Tests.Doubles;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Http;

public sealed class HttpTotalsTests
{
    [Fact]
    public void Latency_is_a_mean_over_counted_exchanges_and_the_largest_of_them()
    {
        var totals = HttpTotals.Of(Some.Exchange(latency: 100))
            + HttpTotals.Of(Some.Exchange(count: 0, latency: 999_999))
            + HttpTotals.Of(Some.Exchange(latency: 201));

        (totals.Count, totals.Latency, totals.LatencyMax).ShouldBe((2UL, 150UL, 201UL));
    }

    [Fact]
    public void Five_gibibytes_are_five_gibibytes()
    {
        const ulong Gibibyte = 1UL << 30;
        var part = HttpTotals.Of(Some.Exchange(count: 0, read: Gibibyte, written: 2 * Gibibyte));

        var totals = Enumerable.Repeat(part, 5).Aggregate((a, b) => a + b);

        (totals.BytesRead, totals.BytesWritten).ShouldBe((5_368_709_120UL, 10_737_418_240UL));
        totals.IsEmpty.ShouldBeFalse();
    }

    [Fact]
    public void Every_part_of_a_bucket_s_key_tells_buckets_apart_and_equal_texts_do_not()
    {
        var key = HttpBucketKey.Of(Some.Exchange(path: "/a"));
        HttpBucketKey[] others =
        [
            key with { Method = "POST" }, key with { Path = "/b" }, key with { Status = 404 }, key with { Version = "1.0" },
            key with { IsTruncated = true },
        ];

        var copy = key with { Path = new string(['/', 'a']) };
        others.Append(key).Append(copy).Distinct().Count().ShouldBe(others.Length + 1);
    }
}
