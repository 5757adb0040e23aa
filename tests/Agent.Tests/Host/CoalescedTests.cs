using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class CoalescedTests
{
    [Fact]
    public async Task What_is_asked_for_while_it_runs_runs_once_more_and_never_twice_at_once()
    {
        using var gate = new SemaphoreSlim(0);
        var (runs, atOnce, most) = (0, 0, 0);
        var coalesced = new Coalesced(() =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            gate.Wait();
            Interlocked.Decrement(ref atOnce);
            Interlocked.Increment(ref runs);
        });
        coalesced.Ask();
        await Eventually.HoldsAsync(() => Volatile.Read(ref atOnce) == 1);

        Parallel.For(0, 300, _ => coalesced.Ask());
        gate.Release(301);

        await Eventually.HoldsAsync(() => Volatile.Read(ref runs) == 2 && Volatile.Read(ref atOnce) == 0);
        Assert.Equal((1, 299), (most, gate.CurrentCount));
    }

    [Fact]
    public async Task Every_request_is_followed_by_a_run_that_began_after_it()
    {
        var asked = 0L;
        var seen = 0L;
        var coalesced = new Coalesced(() => Volatile.Write(ref seen, Volatile.Read(ref asked)));

        for (var i = 1; i <= 10_000; i++)
        {
            Volatile.Write(ref asked, i);
            coalesced.Ask();
        }

        await Eventually.HoldsAsync(() => Volatile.Read(ref seen) == 10_000);
    }
}
