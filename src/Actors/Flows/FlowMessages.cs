using System.Buffers;
using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Http;

namespace EbpfActors.Actors.Flows;

/// <summary>A key and what was summed for it.</summary>
public readonly record struct KeyedTotals(FlowKey Key, FlowTotals Totals);

/// <summary>
/// Reader thread of the net probe -> flush scheduler: one drain's or sweep's sums by key. Whoever ends up with it disposes
/// it, which returns the arrays to the pool and the credit to the reader; the HTTP sums belong to whom they were given.
/// </summary>
public sealed class FlowBatch(KeyedTotals[] items, int count, KeyedHttp[] http, int httpCount, FlowLoad load, CreditGate credits)
    : IDisposable, INoSerializationVerificationNeeded
{
    private KeyedTotals[]? _items = items;

    /// <summary>What is in the batch, for the ledger.</summary>
    public FlowLoad Load => load;

    public ReadOnlySpan<KeyedTotals> Items => _items is { } items ? items.AsSpan(0, count) : [];

    public ReadOnlySpan<KeyedHttp> Http => _items is null ? [] : http.AsSpan(0, httpCount);

    public ImmutableArray<DnsSums> Dns { get; init; } = [];

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _items, null) is { } items)
        {
            Array.Clear(items, 0, count);
            Array.Clear(http, 0, httpCount);
            ArrayPool<KeyedTotals>.Shared.Return(items);
            ArrayPool<KeyedHttp>.Shared.Return(http);
            credits.GiveBack();
        }
    }
}

/// <summary>Flush scheduler -> aggregator: add this to your sums.</summary>
public sealed record AddTotals(FlowTotals Totals) : INoSerializationVerificationNeeded;

/// <summary>Flush scheduler -> aggregator: answer with your sums.</summary>
public sealed record FlushFlow(long FlushId, long TimestampNs) : INoSerializationVerificationNeeded
{
    /// <summary>There are so many that what can be made anew is not kept.</summary>
    public bool IsCrowded { get; init; }
}

/// <summary>
/// Aggregator -> flush scheduler -> table: what one key did in one flush window, also as lines. <paramref name="Line"/> is
/// empty when only HTTP or DNS did something.
/// </summary>
public sealed record FlowFlushed(long FlushId, FlowKey Key, FlowTotals Totals, byte[] Line) : INoSerializationVerificationNeeded
{
    public HttpFlushed Http { get; init; } = HttpFlushed.Nothing;

    public DnsFlushed Dns { get; init; } = DnsFlushed.Nothing;

    /// <summary>What the aggregator hands back with this, for the ledger.</summary>
    public FlowLoad Load => new FlowLoad(Totals.Records, 0, 0) + Http.Load + Dns.Load;
}

/// <summary>Flush scheduler -> outputs for people: the flows of one window, whose length is <paramref name="Elapsed"/>.</summary>
public sealed record FlushedFlows(DateTimeOffset At, TimeSpan Elapsed, ImmutableArray<FlowFlushed> Flows) : INoSerializationVerificationNeeded;
