using EbpfActors.Actors.Cardinality;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Cardinality;

public sealed class OverflowLogTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_speaks_once_a_minute_and_forgets_nothing_in_between()
    {
        var log = new OverflowLog(_time, "too many");
        log.Due().ShouldBeNull();

        log.Add("nginx", 900, 7);
        log.Due().ShouldBe("too many: 7 of nginx (pid 900)");
        log.Add("nginx", 900, 2);
        _time.Advance(TimeSpan.FromSeconds(59));
        log.Due().ShouldBeNull();
        log.Add("nginx", 900, 3);
        _time.Advance(TimeSpan.FromSeconds(1));

        log.Due().ShouldNotBeNull().ShouldEndWith(": 5 of nginx (pid 900)");
        _time.Advance(TimeSpan.FromHours(1));
        log.Due().ShouldBeNull();
    }

    [Fact]
    public void It_names_the_worst_and_counts_the_others()
    {
        var log = new OverflowLog(_time, "too many");
        for (uint pid = 1; pid <= 7; pid++)
        {
            log.Add(pid == 7 ? "" : "app", pid, pid);
        }

        log.Due().ShouldNotBeNull().ShouldEndWith(
            ": 7 of ? (pid 7), 6 of app (pid 6), 5 of app (pid 5), 4 of app (pid 4), 3 of app (pid 3) and 2 more processes");
    }
}
