using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Actors.Http;

/// <summary>Owns the distinct paths of one connection key, within its own bound and the budget of all keys. Not thread-safe.</summary>
public sealed class HttpPathGovernor(int most, HttpPathBudget budget)
{
    /// <summary>Stands for every path beyond the bounds.</summary>
    public const string Other = "~other";

    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);

    /// <summary>Distinct paths that are held.</summary>
    public int Count => _users.Count;

    /// <summary>Holds the path for one more user; false when it is new and there is no room for it.</summary>
    public bool TryHold(string path)
    {
        ref var users = ref CollectionsMarshal.GetValueRefOrNullRef(_users, path);
        if (!Unsafe.IsNullRef(ref users))
        {
            users++;
            return true;
        }

        if (_users.Count >= most || !budget.TryTake())
        {
            return false;
        }

        _users.Add(path, 1);
        return true;
    }

    /// <summary>One user less; the last one frees the path. A path that is not held is no mistake.</summary>
    public void Release(string path)
    {
        ref var users = ref CollectionsMarshal.GetValueRefOrNullRef(_users, path);
        if (!Unsafe.IsNullRef(ref users) && --users == 0)
        {
            _users.Remove(path);
            budget.GiveBack(1);
        }
    }

    public void ReleaseAll()
    {
        budget.GiveBack(_users.Count);
        _users.Clear();
    }
}
