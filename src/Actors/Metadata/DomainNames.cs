using System.Runtime.InteropServices;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Metadata;

/// <summary>
/// The names of one address, each with who asked for it, the one that was asked last at the end. Bounded: what nobody can want goes
/// first, then what another process asked again, and only then a name.
/// </summary>
internal sealed class DomainNames((uint NetNamespace, IpAddress Address) key)
{
    /// <summary>Pairs of name and process at most.</summary>
    internal const int Most = 64;

    private readonly List<Known> _names = new(1);

    internal (uint NetNamespace, IpAddress Address) Key { get; } = key;

    internal int Count => _names.Count;

    /// <summary>Names that are good at this time.</summary>
    internal int Good(ulong nowNs)
    {
        var good = 0;
        for (var i = 0; i < _names.Count; i++)
        {
            good += _names[i].UntilNs > nowNs && !IsRepeated(i) ? 1 : 0;
        }

        return good;
    }

    /// <summary>False when another name that is still good had to make room. A time that ended by <paramref name="overNs"/> concerns nobody any more.</summary>
    internal bool Learn(in DomainObservation seen, ulong untilNs, ulong nowNs, ulong overNs)
    {
        var (name, fromNs, wantedNs) = (seen.Name, seen.AtNs, seen.AtNs);
        for (var i = 0; i < _names.Count; i++)
        {
            var known = _names[i];
            if (!string.Equals(known.Name, seen.Name, StringComparison.Ordinal))
            {
                continue;
            }

            // All pairs of a name share its string, and are told by it.
            name = known.Name;
            if (known.Pid == seen.Pid)
            {
                // Asked again while it was good, it has been good all along.
                fromNs = known.UntilNs >= seen.AtNs ? known.FromNs : fromNs;
                untilNs = Math.Max(untilNs, known.UntilNs);
                wantedNs = Math.Max(wantedNs, known.WantedNs);
                _names.RemoveAt(i);
                break;
            }
        }

        var kept = _names.Count < Most || MakeRoom(name, nowNs, overNs);
        _names.Add(new Known(name, seen.Pid, fromNs, wantedNs, untilNs));
        return kept;
    }

    /// <summary>The name for a connection of this process that began then; it is wanted at <paramref name="nowNs"/>.</summary>
    internal string Find(uint pid, ulong bornNs, ulong nowNs)
    {
        var names = CollectionsMarshal.AsSpan(_names);
        var (best, bestRank) = (-1, 0);
        for (var i = names.Length - 1; i >= 0 && bestRank < Known.BestRank; i--)
        {
            var rank = names[i].Rank(pid, bornNs);
            if (rank > bestRank)
            {
                (best, bestRank) = (i, rank);
            }
        }

        if (best < 0)
        {
            return "";
        }

        names[best].WantedNs = nowNs;
        return names[best].Name;
    }

    /// <summary>False when what goes is the last of a name that is still good.</summary>
    private bool MakeRoom(string coming, ulong nowNs, ulong overNs)
    {
        var (victim, place) = (0, int.MaxValue);
        for (var i = 0; i < _names.Count; i++)
        {
            var known = _names[i];
            var its = Math.Max(known.UntilNs, known.WantedNs) <= overNs ? 0 : IsRepeated(i, coming) ? 1 : 2;
            if (its < place || (its == place && known.WantedNs < _names[victim].WantedNs))
            {
                (victim, place) = (i, its);
            }
        }

        var kept = place < 2 || _names[victim].UntilNs <= nowNs;
        _names.RemoveAt(victim);
        return kept;
    }

    /// <summary>Another process asked for this name later, or asks now.</summary>
    private bool IsRepeated(int index, string? coming = null)
    {
        var names = CollectionsMarshal.AsSpan(_names);
        var name = names[index].Name;
        if (ReferenceEquals(name, coming))
        {
            return true;
        }

        for (var i = index + 1; i < names.Length; i++)
        {
            if (ReferenceEquals(names[i].Name, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A name, who asked for it, from when to when it is good, and when it was last asked for or given to a connection.</summary>
    private record struct Known(string Name, uint Pid, ulong FromNs, ulong WantedNs, ulong UntilNs)
    {
        internal const int BestRank = 4;

        /// <summary>0: not for this connection.</summary>
        internal readonly int Rank(uint pid, ulong bornNs) =>
            UntilNs <= bornNs ? 0 : 1 + (FromNs <= bornNs ? 2 : 0) + (Pid == pid && pid != 0 ? 1 : 0);
    }
}
