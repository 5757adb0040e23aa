namespace EbpfActors.Actors.DataKit;

/// <summary>How long to leave DataKit alone: doubles with every failure, half of it by chance so that many agents do not return together.</summary>
public sealed class Backoff
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);
    private readonly TimeSpan _min;
    private readonly TimeSpan _max;
    private TimeSpan _next;

    public Backoff(TimeSpan min, TimeSpan max) => (_min, _max, _next) = (min, max, min);

    /// <summary>The wait after one more failure. <paramref name="chance"/> is from 0 to 1; what the server asks for is the least.</summary>
    public TimeSpan Fail(double chance, TimeSpan? retryAfter)
    {
        var wait = (_next / 2) + (_next / 2 * chance);
        _next = _next * 2 < _max ? _next * 2 : _max;
        var asked = retryAfter is { } after && after < LongestRetryAfter ? after : retryAfter is null ? TimeSpan.Zero : LongestRetryAfter;
        return wait > asked ? wait : asked;
    }

    public void Reset() => _next = _min;
}
