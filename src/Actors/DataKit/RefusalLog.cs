using Akka.Event;

namespace EbpfActors.Actors.DataKit;

/// <summary>Says what DataKit refused, at most once a minute, and how many points there were since.</summary>
internal sealed class RefusalLog(ILoggingAdapter log, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private DateTimeOffset _next;
    private long _points;

    public void Add(int points, string? reason)
    {
        _points += points;
        if (points > 0 && time.GetUtcNow() >= _next)
        {
            log.Warning("DataKit refused {Points} points, which are lost: {Reason}", _points, reason);
            (_next, _points) = (time.GetUtcNow() + Interval, 0);
        }
    }
}
