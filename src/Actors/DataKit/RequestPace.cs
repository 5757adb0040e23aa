using Akka.Actor;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// Keeps requests below the 100 per second and path from which on DataKit answers 429: no more than 80 in any second. One user at
/// a time.
/// </summary>
internal sealed class RequestPace(ITimeProvider clock)
{
    internal const int Burst = 40;

    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(25);

    /// <summary>The moment at which all of the burst may be used again.</summary>
    private TimeSpan _full = clock.MonotonicClock;

    /// <summary>Null when a request may go now, which is counted; otherwise how long it has to wait.</summary>
    public TimeSpan? Take()
    {
        var now = clock.MonotonicClock;
        var full = (_full > now ? _full : now) + Each;
        if (full - now > Each * Burst)
        {
            return full - now - (Each * Burst);
        }

        _full = full;
        return null;
    }
}
