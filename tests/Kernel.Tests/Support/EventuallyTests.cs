using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Support;

public sealed class EventuallyTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task A_wait_whose_time_is_up_fails_with_what_was_waited_for_and_what_was_seen()
    {
        var count = 0;

        var failure = Should.Throw<TimeoutException>(() => Eventually.Holds(() => count < 0, () => $"{count} looks", Short, () => count++));
        failure.Message.ShouldContain("() => count < 0");
        failure.Message.ShouldContain($"{count} looks");
        failure = await Should.ThrowAsync<TimeoutException>(() => Eventually.HoldsAsync(() => count < 0, () => $"{count} looks", Short));
        failure.Message.ShouldContain($"{count} looks");
        failure = Should.Throw<TimeoutException>(() => Eventually.Succeeds<IOException>(() => throw new IOException("refused"), deadline: Short));
        failure.InnerException!.Message.ShouldBe("refused");
    }

    [Fact]
    public void It_ends_when_it_holds_and_with_an_exception_that_is_no_refusal()
    {
        var looks = 0;

        Eventually.Holds(() => ++looks == 2, deadline: TimeSpan.FromMinutes(1));
        Eventually.Succeeds<IOException>(() =>
        {
            if (++looks < 5)
            {
                throw new IOException();
            }
        });

        looks.ShouldBe(5);
        Should.Throw<InvalidOperationException>(() => Eventually.Succeeds<IOException>(() => throw new InvalidOperationException()));
    }
}
