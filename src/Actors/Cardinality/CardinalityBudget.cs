using System.Runtime.InteropServices;

namespace EbpfActors.Actors.Cardinality;

/// <summary>
/// The distinct values that all aggregators together may still hold. A value counts once, however many of them hold it; what bounds the
/// memory of those that hold the same is a number of holdings, the first of each aggregator not counted. Thread-safe and exact.
/// </summary>
public sealed class CardinalityBudget(int total)
{
    private const int HoldingsPerValue = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _holders = new(StringComparer.Ordinal);
    private readonly long _mostHoldings = (long)HoldingsPerValue * total;
    private long _holdings;

    /// <summary>Distinct values that are held now.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
            {
                return _holders.Count;
            }
        }
    }

    /// <summary>Holds the value for one aggregator more; false when there is no room for it. <paramref name="isFirst"/>: it holds no other.</summary>
    public bool TryTake(string value, bool isFirst)
    {
        lock (_lock)
        {
            var isNew = !_holders.ContainsKey(value);
            if ((isNew && _holders.Count >= total) || (!isFirst && _holdings >= _mostHoldings))
            {
                return false;
            }

            CollectionsMarshal.GetValueRefOrAddDefault(_holders, value, out _)++;
            _holdings++;
            return true;
        }
    }

    /// <summary>One aggregator holds these no more.</summary>
    public void GiveBack(IReadOnlyCollection<string> values)
    {
        lock (_lock)
        {
            foreach (var value in values)
            {
                _holdings--;
                if (--CollectionsMarshal.GetValueRefOrAddDefault(_holders, value, out _) == 0)
                {
                    _holders.Remove(value);
                }
            }
        }
    }
}
