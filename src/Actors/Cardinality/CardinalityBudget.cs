namespace EbpfActors.Actors.Cardinality;

/// <summary>The values that all aggregators together may still hold. Thread-safe and exact: it never hands out more than it has.</summary>
public sealed class CardinalityBudget(int total)
{
    private int _taken;

    /// <summary>Values that are held now.</summary>
    public int Taken => Volatile.Read(ref _taken);

    public bool TryTake()
    {
        var seen = Volatile.Read(ref _taken);
        while (seen < total)
        {
            var before = Interlocked.CompareExchange(ref _taken, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    public void GiveBack(int count) => Interlocked.Add(ref _taken, -count);
}
