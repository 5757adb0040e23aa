using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Actors.Cardinality;

/// <summary>Owns the distinct values, paths or names, of one connection key, within its own bound and the budget of all keys. Not thread-safe.</summary>
public sealed class CardinalityGovernor(int most, CardinalityBudget budget)
{
    /// <summary>Stands for every value beyond the bounds.</summary>
    public const string Other = "~other";

    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);

    /// <summary>Distinct values that are held.</summary>
    public int Count => _users.Count;

    /// <summary>Holds the value for one more user; false when it is new and there is no room for it.</summary>
    public bool TryHold(string value)
    {
        ref var users = ref CollectionsMarshal.GetValueRefOrNullRef(_users, value);
        if (!Unsafe.IsNullRef(ref users))
        {
            users++;
            return true;
        }

        if (_users.Count >= most || !budget.TryTake(value, isFirst: _users.Count == 0))
        {
            return false;
        }

        _users.Add(value, 1);
        return true;
    }

    /// <summary>One user less; the last one frees the value. One that is not held is no mistake.</summary>
    public void Release(string value)
    {
        ref var users = ref CollectionsMarshal.GetValueRefOrNullRef(_users, value);
        if (!Unsafe.IsNullRef(ref users) && --users == 0)
        {
            _users.Remove(value);
            budget.GiveBack([value]);
        }
    }

    public void ReleaseAll()
    {
        budget.GiveBack(_users.Keys);
        _users.Clear();
    }
}
