using System.Buffers;
using System.Collections.Immutable;
using Akka.Actor;

namespace EbpfActors.Actors.Flows;

/// <summary>A key and what was summed for it.</summary>
public readonly record struct KeyedTotals(FlowKey Key, FlowTotals Totals);

/// <summary>
/// Reader thread of the net probe -> flush scheduler: one drain's or sweep's sums by key. Whoever ends up with it disposes
/// it, which returns the array to the pool and the credit to the reader.
/// </summary>
public sealed class FlowBatch(KeyedTotals[] items, int count, long records, CreditGate credits)
    : IDisposable, INoSerializationVerificationNeeded
{
    private KeyedTotals[]? _items = items;

    /// <summary>Kernel records in the batch, for the ledger.</summary>
    public long Records => records;

    public ReadOnlySpan<KeyedTotals> Items => _items is { } items ? items.AsSpan(0, count) : [];

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _items, null) is { } items)
        {
            Array.Clear(items, 0, count);
            ArrayPool<KeyedTotals>.Shared.Return(items);
            credits.GiveBack();
        }
    }
}

/// <summary>Flush scheduler -> aggregator: add this to your sums.</summary>
public sealed record AddTotals(FlowTotals Totals) : INoSerializationVerificationNeeded;

/// <summary>Flush scheduler -> aggregator: answer with your sums. Does not count as activity.</summary>
public sealed record FlushFlow(long FlushId, long TimestampNs) : INotInfluenceReceiveTimeout, INoSerializationVerificationNeeded;

/// <summary>Aggregator -> flush scheduler -> table: what one key did in one flush window, also as a line.</summary>
public sealed record FlowFlushed(long FlushId, FlowKey Key, FlowTotals Totals, byte[] Line) : INoSerializationVerificationNeeded;

/// <summary>Aggregator -> flush scheduler: nothing came for a while; stop me if nothing is on its way.</summary>
public sealed record PassivateFlow(FlowKey Key) : INoSerializationVerificationNeeded;

/// <summary>Flush scheduler -> outputs for people: the flows of one window, whose length is <paramref name="Elapsed"/>.</summary>
public sealed record FlushedFlows(DateTimeOffset At, TimeSpan Elapsed, ImmutableArray<FlowFlushed> Flows) : INoSerializationVerificationNeeded;
