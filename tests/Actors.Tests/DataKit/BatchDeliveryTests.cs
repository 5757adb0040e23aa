using System.IO.Compression;
using System.Net;
using System.Text;
using Akka.Actor;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Points;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class BatchDeliveryTests : IDisposable
{
    private static readonly string[][] Small = [["a"], ["a", "b", "c"]];
    private static readonly string[] Letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    private static readonly string[] TwoThousand = [.. Enumerable.Range(0, 2000).Select(i => $"m f={i}i")];

    private readonly FakeTimeProvider _time = new();
    private readonly RefusalSearch _search = new();
    private readonly StoppedClock _clock = new();
    private readonly DataKitClient _client;
    private readonly RequestPace _pace;
    private readonly List<string> _accepted = [];
    private Func<string[], HttpStatusCode> _answer = _ => HttpStatusCode.OK;
    private long _largestTaken = long.MaxValue;
    private int _requests;

    public BatchDeliveryTests()
    {
        _pace = new RequestPace(_clock);
        _client = new DataKitClient(new DataKitOptions { BaseAddress = new Uri("http://node:9529/") }, new StubHandler(Answer), _time);
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_batch_is_searched_in_order_and_stops_where_it_has_to_be_tried_again()
    {
        _answer = lines => lines.Contains("c") ? HttpStatusCode.BadRequest : lines.Contains("f") ? HttpStatusCode.TooManyRequests : HttpStatusCode.OK;

        var result = await DeliverAsync(Letters);

        _accepted.ShouldBe(["a", "b", "d"]);
        (result.Settled, result.Rejected, result.Accepted, result.RejectReason).ShouldBe((4, 1, 3, "400 bad"));
        result.Last.Outcome.ShouldBe(PostOutcome.Retry);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a", "b", "d")]
    [InlineData("g", "h")]
    [InlineData("a", "d", "h")]
    public async Task Points_at_fault_are_found_wherever_they_are(params string[] bad)
    {
        _answer = lines => lines.Intersect(bad).Any() ? HttpStatusCode.BadRequest : HttpStatusCode.OK;

        var result = await DeliverAsync(Letters);

        _accepted.ShouldBe(Letters.Except(bad));
        (result.Settled, result.Rejected).ShouldBe((8, bad.Length));
    }

    [Fact]
    public async Task A_DataKit_that_refuses_everything_is_left_alone_and_costs_no_point()
    {
        _answer = _ => HttpStatusCode.BadRequest;

        var result = await DeliverAsync(TwoThousand);

        result.ShouldBe(new DeliveryResult(0, 0, new PostAnswer(PostOutcome.Retry, "refuses points and takes no others: 400 bad")));
        _requests.ShouldBe(13); // 2000, 1000, .. 1, and two single ones more
        await DeliverAsync(TwoThousand);
        _requests.ShouldBe(16);
        _answer = _ => HttpStatusCode.OK;
        (await DeliverAsync(TwoThousand)).Accepted.ShouldBe(2000);
        _requests.ShouldBe(21); // 1, 8, 64, 512, the rest
    }

    [Fact]
    public async Task A_DataKit_that_begins_to_refuse_in_the_middle_of_a_search_costs_three_points()
    {
        _answer = _ => _requests is 2 ? HttpStatusCode.OK : HttpStatusCode.BadRequest;

        var result = await DeliverAsync(TwoThousand);

        (result.Accepted, result.Rejected, result.Last.Outcome).ShouldBe((1000, 3, PostOutcome.Retry));
    }

    [Fact]
    public async Task Points_that_alone_are_refused_again_and_again_make_way_at_last()
    {
        _answer = lines => lines.Contains("x") ? HttpStatusCode.BadRequest : HttpStatusCode.OK;

        for (var round = 1; round < RefusalSearch.MostRounds; round++)
        {
            (await DeliverAsync("x")).Settled.ShouldBe(0);
        }

        (await DeliverAsync("x")).ShouldBe(
            new DeliveryResult(1, 1, new PostAnswer(PostOutcome.Retry, "refuses points and takes no others: 400 bad"), "400 bad"));
    }

    [Fact]
    public async Task A_413_to_a_small_request_is_no_fault_of_its_points()
    {
        _answer = _ => HttpStatusCode.RequestEntityTooLarge;

        foreach (var points in Small)
        {
            (await DeliverAsync(points)).ShouldBe(new DeliveryResult(0, 0, new PostAnswer(PostOutcome.Retry, "413 bad")));
        }

        _requests.ShouldBe(2);
    }

    [Fact]
    public async Task A_413_to_a_large_request_is_answered_with_smaller_ones()
    {
        _largestTaken = 40_000;
        var points = Enumerable.Range(0, 40).Select(i => Noise(i, 6_000)).ToArray();

        var result = await DeliverAsync(points);

        _accepted.ShouldBe(points);
        (result.Settled, result.Rejected).ShouldBe((40, 0));
    }

    [Fact]
    public async Task A_point_that_alone_is_too_large_for_what_is_on_the_way_is_given_up()
    {
        _largestTaken = 40_000;

        var result = await DeliverAsync("a", Noise(1, 100_000), "c");

        _accepted.ShouldBe(["a", "c"]);
        (result.Settled, result.Rejected, result.RejectReason).ShouldBe((3, 1, "413 bad"));
    }

    [Fact]
    public async Task A_slow_search_is_broken_off_and_goes_on_where_it_was()
    {
        _answer = lines =>
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            return lines.Contains("m f=1500i") ? HttpStatusCode.BadRequest : HttpStatusCode.OK;
        };

        var first = await DeliverAsync(TwoThousand);

        first.Last.Reason.ShouldBe("the search for refused points takes too long: 400 bad");
        _requests.ShouldBeLessThanOrEqualTo(4);
        var (settled, rejected, rounds) = (first.Settled, first.Rejected, 1);
        for (; settled < 2000 && rounds < 12; rounds++)
        {
            var next = await DeliverAsync(TwoThousand[settled..]);
            (settled, rejected) = (settled + next.Settled, rejected + next.Rejected);
        }

        (settled, rejected).ShouldBe((2000, 1));
        _accepted.ShouldBe(TwoThousand.Where(l => l != "m f=1500i"));
    }

    [Fact]
    public async Task Requests_stay_below_what_DataKit_takes_in_a_second()
    {
        _answer = lines => lines.Any(l => l.EndsWith("1i", StringComparison.Ordinal)) ? HttpStatusCode.BadRequest : HttpStatusCode.OK;

        var first = await DeliverAsync(TwoThousand);
        first.Pause.ShouldBe(TimeSpan.FromMilliseconds(25));
        _requests.ShouldBe(RequestPace.Burst);
        var settled = first.Settled;
        for (var i = 0; i < 39; i++)
        {
            _clock.MonotonicClock += TimeSpan.FromMilliseconds(25);
            settled += (await DeliverAsync(TwoThousand[settled..])).Settled;
        }

        _requests.ShouldBe(79);
        settled.ShouldBeGreaterThan(first.Settled);
    }

    private static string Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    private Task<DeliveryResult> DeliverAsync(params string[] lines) => new BatchDelivery(_client, _search, _pace, _time).DeliverAsync(
        new PointBatch(PointEndpoint.Netflow, lines.Select(Encoding.UTF8.GetBytes).ToArray(), DateTimeOffset.UnixEpoch),
        TestContext.Current.CancellationToken);

    private HttpResponseMessage Answer(HttpRequestMessage request)
    {
        _requests++;
        using var body = request.Content!.ReadAsStream();
        using var gzip = new StreamReader(new GZipStream(body, CompressionMode.Decompress));
        var lines = gzip.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var status = body.Length > _largestTaken ? HttpStatusCode.RequestEntityTooLarge : _answer(lines);
        if (status == HttpStatusCode.OK)
        {
            _accepted.AddRange(lines);
        }

        return new HttpResponseMessage(status) { Content = new StringContent(status == HttpStatusCode.OK ? "" : "bad") };
    }

    private sealed class StoppedClock : ITimeProvider
    {
        public DateTimeOffset Now => DateTimeOffset.UnixEpoch;

        public TimeSpan MonotonicClock { get; set; } = TimeSpan.FromHours(1);

        public TimeSpan HighResMonotonicClock => MonotonicClock;
    }
}
