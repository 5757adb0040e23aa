namespace EbpfActors.Actors.DataKit;

/// <summary>
/// How many of the oldest points to ask for next while one of them is refused: half of what is known to hold it, then more and more
/// again. Outlives the batches, so that a search that was broken off goes on where it was. One user at a time.
/// </summary>
internal sealed class RefusalSearch
{
    /// <summary>Rounds in which nothing at all was taken before the points at the front are given up.</summary>
    internal const int MostRounds = 8;

    private const int Growth = 8;

    private int _next = int.MaxValue;
    private int _refused;
    private int _rounds;

    public int Next(int remaining) => Math.Clamp(_refused > 0 ? _refused / 2 : _next, 1, remaining);

    /// <summary>These points from the front were taken; <paramref name="remaining"/> are left of the batch.</summary>
    public void Accepted(int points, int remaining)
    {
        _rounds = 0;
        _refused = Math.Max(0, _refused - points);
        _next = remaining == 0 || points > int.MaxValue / Growth ? int.MaxValue : points * Growth;
    }

    /// <summary>One of these points from the front, or something about all of them, is refused.</summary>
    public void Refused(int points) => _refused = points;

    /// <summary>The point at the front is refused by itself; whatever comes next may be as well.</summary>
    public void Found() => (_refused, _next) = (0, 1);

    /// <summary>Single points were refused and none was taken; true when that has been so for long enough to give them up.</summary>
    public bool GivesUp()
    {
        _rounds = (_rounds + 1) % MostRounds;
        return _rounds == 0;
    }
}
