using System.Collections.Concurrent;

namespace EbpfActors.Actors.Http;

/// <summary>Keeps emptied sums for the next batches, few of the large ones. Thread-safe: the reader takes, aggregators give back.</summary>
public sealed class HttpSumsPool
{
    private const int MostSmall = 512;
    private const int MostLarge = 16;
    private const int LargeFrom = 128; // lists double: up to 64 buckets is small

    private readonly ConcurrentQueue<HttpSums> _free = new();

    public HttpSums Take() => _free.TryDequeue(out var sums) ? sums : new HttpSums(this);

    internal void TakeBack(HttpSums sums)
    {
        if (_free.Count < (sums.Capacity < LargeFrom ? MostSmall : MostLarge))
        {
            _free.Enqueue(sums);
        }
    }
}
