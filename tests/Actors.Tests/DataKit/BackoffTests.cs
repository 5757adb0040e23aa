using EbpfActors.Actors.DataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class BackoffTests
{
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    [Fact]
    public void It_doubles_up_to_its_end_and_starts_anew_after_a_success()
    {
        Seconds(chance: 1, times: 5).ShouldBe([1, 2, 4, 5, 5]);

        _backoff.Reset();

        Seconds(chance: 1, times: 1).ShouldBe([1]);
    }

    [Fact]
    public void Half_of_it_is_chance() => Seconds(chance: 0, times: 3).ShouldBe([0.5, 1, 2]);

    [Fact]
    public void What_the_server_asks_for_is_the_least_within_reason()
    {
        _backoff.Fail(1, TimeSpan.FromSeconds(20)).ShouldBe(TimeSpan.FromSeconds(20));
        _backoff.Fail(1, TimeSpan.FromSeconds(1)).ShouldBe(TimeSpan.FromSeconds(2));
        _backoff.Fail(1, TimeSpan.FromDays(1)).ShouldBe(TimeSpan.FromMinutes(5));
    }

    private double[] Seconds(double chance, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => _backoff.Fail(chance, null).TotalSeconds)];
}
