using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.Flush;

/// <summary>
/// The aggregators of the scheduler by key, and the account of the records that each of them holds, so that a loss is
/// known to the record. Belongs to the scheduler and runs inside it.
/// </summary>
internal sealed class FlowAggregators(IActorContext context, FlushOptions options, IFlowLineRenderer renderer, LedgerStage stage)
{
    private readonly Dictionary<FlowKey, Aggregator> _byKey = [];

    public int Count => _byKey.Count;

    /// <summary>Records that came in and were neither written nor lost so far.</summary>
    public long Held { get; private set; }

    public void Add(FlowBatch batch)
    {
        Held += batch.Records;
        foreach (ref readonly var item in batch.Items)
        {
            if (Find(item.Key) is { } aggregator)
            {
                aggregator.Records += item.Totals.Records;
                aggregator.Ref.Tell(new AddTotals(item.Totals));
            }
            else
            {
                Lose("too-many-keys", item.Totals.Records);
            }
        }
    }

    /// <summary>Asks everyone who holds something; returns how many answers to expect.</summary>
    public int Flush(FlushFlow flush)
    {
        var asked = 0;
        foreach (var aggregator in _byKey.Values)
        {
            if (aggregator.Records > 0)
            {
                aggregator.AskedIn = flush.FlushId;
                aggregator.Ref.Tell(flush, context.Self);
                asked++;
            }
        }

        return asked;
    }

    /// <summary>The aggregator has handed these records back; what it got since stays on its account.</summary>
    public void Settle(FlowFlushed flushed)
    {
        if (_byKey.TryGetValue(flushed.Key, out var aggregator))
        {
            aggregator.Records -= flushed.Totals.Records;
            aggregator.AskedIn = aggregator.AskedIn == flushed.FlushId ? 0 : aggregator.AskedIn;
        }
    }

    public void Written(long records)
    {
        Held -= records;
        stage.Out(records);
    }

    /// <summary>Lets an idle aggregator go. This actor is its only sender, so nothing can be on its way when it holds nothing.</summary>
    public void Passivate(FlowKey key)
    {
        if (_byKey.TryGetValue(key, out var aggregator) && aggregator.Records == 0)
        {
            _byKey.Remove(key);
            context.Unwatch(aggregator.Ref);
            context.Stop(aggregator.Ref);
        }
    }

    /// <summary>Counts what the aggregator took with it; true when the flush of that id still waited for it.</summary>
    public bool Bury(AggregatorStopped stopped, long flushId)
    {
        var aggregator = stopped.Aggregator;
        _byKey.Remove(aggregator.Key);
        Lose("aggregator-crashed", aggregator.Records);
        return aggregator.AskedIn == flushId;
    }

    /// <summary>Counts everything that is held as lost: the scheduler goes.</summary>
    public void Abandon(string reason) => Lose(reason, Held);

    private Aggregator? Find(in FlowKey key)
    {
        if (_byKey.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_byKey.Count >= options.MaxKeys)
        {
            return null;
        }

        var child = context.ActorOf(FlowAggregator.Props(key, renderer, options.IdleAfter));
        var aggregator = new Aggregator(key, child);
        context.WatchWith(child, new AggregatorStopped(aggregator));
        _byKey.Add(key, aggregator);
        return aggregator;
    }

    private void Lose(string reason, long records)
    {
        if (records > 0)
        {
            Held -= records;
            stage.Lost(reason, records);
        }
    }

    /// <summary>One aggregator and what it owes.</summary>
    internal sealed class Aggregator(in FlowKey key, IActorRef child)
    {
        public FlowKey Key { get; } = key;

        public IActorRef Ref { get; } = child;

        /// <summary>Records handed over and not handed back.</summary>
        public long Records { get; set; }

        /// <summary>The flush whose answer is outstanding, 0 when none is.</summary>
        public long AskedIn { get; set; }
    }

    /// <summary>Death watch -> flush scheduler: an aggregator ended without having been told to.</summary>
    internal sealed record AggregatorStopped(Aggregator Aggregator) : INoSerializationVerificationNeeded;
}
