using System.Runtime.CompilerServices;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Http;

/// <summary>
/// Remembers where the last exchanges of a batch were summed: on a connection that is kept alive the next one mostly goes to the
/// same place, which is then found without making its key. Bounded: what falls on another one's slot takes it. Not thread-safe.
/// </summary>
internal sealed class RecentPlaces
{
    private const int Slots = 512;

    private readonly Entry[] _entries = new Entry[Slots];

    /// <summary>True when an exchange of the same socket, request and status has been here in this batch.</summary>
    public bool TryFind(in HttpExchange exchange, out HttpSums sums, out int place)
    {
        ref readonly var entry = ref _entries[Slot(exchange)];
        (sums, place) = (entry.Sums!, entry.Place);
        return sums is not null
            && ReferenceEquals(entry.Path, exchange.Path)
            && ReferenceEquals(entry.Method, exchange.Method)
            && ReferenceEquals(entry.Version, exchange.Version)
            && entry.Status == exchange.Status
            && entry.IsTruncated == exchange.IsTruncated
            && entry.Flow == exchange.Flow;
    }

    public void Remember(in HttpExchange exchange, HttpSums sums, int place) => _entries[Slot(exchange)] =
        new(exchange.Flow, exchange.Method, exchange.Path, exchange.Version, exchange.Status, exchange.IsTruncated, sums, place);

    /// <summary>To be called when the sums go to another owner.</summary>
    public void Forget() => Array.Clear(_entries);

    /// <summary>The sides of a connection differ in their direction, connections in their ports.</summary>
    private static int Slot(in HttpExchange exchange)
    {
        var flow = exchange.Flow;
        var mixed = (uint)RuntimeHelpers.GetHashCode(exchange.Path) ^ ((flow.SourcePort + ((uint)flow.DestinationPort << 1)) * 0x9E37_79B1u);
        return (int)((mixed ^ (mixed >> 16)) % Slots);
    }

    private readonly record struct Entry(
        FlowIdentity Flow,
        string Method,
        string Path,
        string Version,
        ushort Status,
        bool IsTruncated,
        HttpSums? Sums,
        int Place);
}
