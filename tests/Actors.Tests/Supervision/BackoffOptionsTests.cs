using EbpfActors.Actors.Supervision;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Supervision;

public sealed class BackoffOptionsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(6, 32)]
    [InlineData(7, 60)]
    [InlineData(1_000_000, 60)]
    public void The_rest_doubles_up_to_its_limit(int failures, int seconds) =>
        new BackoffOptions { Jitter = 0 }.After(failures).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 8)]
    [InlineData(5, 10)]
    [InlineData(1_000_000, 10)]
    public void After_a_refusal_it_is_minutes(int failures, int minutes) =>
        new BackoffOptions { Jitter = 0 }.AfterRefusal(failures).ShouldBe(TimeSpan.FromMinutes(minutes));

    [Fact]
    public void Jitter_only_adds() =>
        new BackoffOptions().After(1).ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.2));
}
