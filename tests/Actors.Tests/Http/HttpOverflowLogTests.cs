using EbpfActors.Actors.Http;
using EbpfActors.Actors.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Http;

public sealed class HttpOverflowLogTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_speaks_once_a_minute_and_forgets_nothing_in_between()
    {
        var log = new HttpOverflowLog(_time);
        log.Due().ShouldBeNull();

        log.Add(Some.Key(Some.Flow(pid: 900, process: "nginx")), 7);
        log.Due().ShouldBe("HTTP exchanges reported with the path ~other, since there are too many paths: 7 of nginx (pid 900)");
        log.Add(Some.Key(Some.Flow(pid: 900, process: "nginx")), 2);
        _time.Advance(TimeSpan.FromSeconds(59));
        log.Due().ShouldBeNull();
        log.Add(Some.Key(Some.Flow("192.0.2.99", pid: 900, process: "nginx")), 3);
        _time.Advance(TimeSpan.FromSeconds(1));

        log.Due().ShouldNotBeNull().ShouldEndWith(": 5 of nginx (pid 900)");
        _time.Advance(TimeSpan.FromHours(1));
        log.Due().ShouldBeNull();
    }

    [Fact]
    public void It_names_the_worst_and_counts_the_others()
    {
        var log = new HttpOverflowLog(_time);
        for (uint pid = 1; pid <= 7; pid++)
        {
            log.Add(Some.Key(Some.Flow(pid: pid, process: pid == 7 ? "" : "app")), pid);
        }

        log.Due().ShouldNotBeNull().ShouldEndWith(
            ": 7 of ? (pid 7), 6 of app (pid 6), 5 of app (pid 5), 4 of app (pid 4), 3 of app (pid 3) and 2 more processes");
    }
}
