using Akka.Actor;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.Flush;

/// <summary>
/// The aggregators of the scheduler by key, and the account of the records and exchanges that each of them holds, so that a
/// loss is known to the record. Belongs to the scheduler and runs inside it.
/// </summary>
internal sealed class FlowAggregators(IActorContext context, FlushOptions options, FlowRenderers renderers, FlowLedger ledger)
{
    private readonly LedgerStage _flows = ledger.Stage(LedgerStages.Flows, "records");
    private readonly LedgerStage _http = ledger.Stage(LedgerStages.Http, "exchanges");
    private readonly LedgerStage _dns = ledger.Stage(LedgerStages.Dns, "queries");
    private readonly FlowAggregatorOptions _shared = new()
    {
        Renderers = renderers,
        HttpPaths = options.HttpPaths,
        HttpPathBudget = new CardinalityBudget(options.HttpPaths.Total),
        DnsNames = options.DnsNames,
        DnsNameBudget = new CardinalityBudget(options.DnsNames.Total),
    };

    private readonly Dictionary<FlowKey, Aggregator> _byKey = [];
    private readonly Queue<Aggregator> _toAsk = [];
    private FlushFlow _question = new(0, 0);

    public int Count => _byKey.Count;

    /// <summary>What came in and was neither written nor lost so far.</summary>
    public FlowLoad Held { get; private set; }

    public void Add(FlowBatch batch)
    {
        Held += batch.Load;
        foreach (ref readonly var item in batch.Items)
        {
            var load = new FlowLoad(item.Totals.Records, 0, 0);
            Find(item.Key, load)?.Tell(new AddTotals(item.Totals));
        }

        foreach (ref readonly var item in batch.Http)
        {
            // Once told, the sums are the aggregator's.
            if (Find(item.Key, item.Sums.Load) is { } aggregator)
            {
                aggregator.Tell(item.Sums);
            }
            else
            {
                item.Sums.Return();
            }
        }

        foreach (var sums in batch.Dns)
        {
            Find(sums.Key, sums.Load)?.Tell(sums);
        }
    }

    /// <summary>Asks everyone who holds something or keeps empty buckets, and lets go of who has been idle; returns how many answers to expect.</summary>
    public int Flush(FlushFlow flush)
    {
        _question = flush with { IsCrowded = IsCrowded };
        _toAsk.Clear();
        var idleSince = flush.FlushId - (IsCrowded ? 1 : options.IdleFlushes);
        foreach (var (key, aggregator) in _byKey)
        {
            if (!aggregator.Load.IsEmpty || aggregator.KeepsBuckets)
            {
                aggregator.AskedIn = flush.FlushId;
                _toAsk.Enqueue(aggregator);
            }
            else if (aggregator.UsedIn < idleSince)
            {
                LetGo(key, aggregator);
            }
        }

        var due = _toAsk.Count;
        for (var i = 0; i < options.AskedAtOnce; i++)
        {
            AskNext();
        }

        return due;
    }

    /// <summary>The aggregator has handed this back; what it got since stays on its account.</summary>
    public void Settle(FlowFlushed flushed)
    {
        AskNext();
        if (_byKey.TryGetValue(flushed.Key, out var aggregator))
        {
            aggregator.Load -= flushed.Load;
            aggregator.KeepsBuckets = flushed.Http.Buckets > 0;
            aggregator.AskedIn = aggregator.AskedIn == flushed.FlushId ? 0 : aggregator.AskedIn;
            if (IsCrowded && flushed.Totals.Closed > 0 && !aggregator.KeepsBuckets)
            {
                LetGo(flushed.Key, aggregator);
            }
        }
    }

    public void Written(FlowLoad load)
    {
        Held -= load;
        _flows.Out(load.Records);
        _http.Out(load.Exchanges);
        _dns.Out(load.Queries);
    }

    /// <summary>Counts what a crashed aggregator took with it, and what that was; true when the flush of that id still waited for it.</summary>
    public bool Bury(IActorRef crashed, long flushId, out FlowLoad lost)
    {
        lost = default;
        // A death watch for each would cost more memory than a search costs time, once in a crash.
        foreach (var (key, aggregator) in _byKey)
        {
            if (aggregator.Ref.Equals(crashed))
            {
                _byKey.Remove(key);
                lost = aggregator.Load;
                Lose("aggregator-crashed", lost);
                AskNext();
                return aggregator.AskedIn == flushId;
            }
        }

        return false;
    }

    /// <summary>Counts everything that is held as lost: the scheduler goes.</summary>
    public void Abandon(string reason) => Lose(reason, Held);

    /// <summary>Puts the load on the account of the key's aggregator; null when there is none, and then the load is lost.</summary>
    private IActorRef? Find(in FlowKey key, FlowLoad load)
    {
        if (!_byKey.TryGetValue(key, out var aggregator))
        {
            if (_byKey.Count >= options.MaxKeys)
            {
                Lose("too-many-keys", load);
                return null;
            }

            aggregator = Make(key);
        }

        aggregator.Load += load;
        aggregator.UsedIn = _question.FlushId;
        return aggregator.Ref;
    }

    /// <summary>Not all at once: tens of thousands of answers with their lines would lie in memory at one time.</summary>
    private void AskNext()
    {
        if (_toAsk.TryDequeue(out var next))
        {
            next.Ref.Tell(_question, context.Self);
        }
    }

    private bool IsCrowded => _byKey.Count >= options.CrowdFrom;

    /// <summary>This actor is its only sender, so nothing can be on its way when it holds and owes nothing.</summary>
    private void LetGo(in FlowKey key, Aggregator aggregator)
    {
        if (aggregator.Load.IsEmpty && aggregator.AskedIn == 0)
        {
            _byKey.Remove(key);
            context.Stop(aggregator.Ref);
        }
    }

    private Aggregator Make(in FlowKey key)
    {
        var aggregator = new Aggregator(context.ActorOf(FlowAggregator.Props(key, _shared)));
        _byKey.Add(key, aggregator);
        return aggregator;
    }

    private void Lose(string reason, FlowLoad load)
    {
        Held -= load;
        Lose(_flows, reason, load.Records);
        Lose(_http, reason, load.Exchanges);
        Lose(_dns, reason, load.Queries);
    }

    private static void Lose(LedgerStage stage, string reason, long count)
    {
        if (count > 0)
        {
            stage.Lost(reason, count);
        }
    }

    /// <summary>One aggregator and what it owes.</summary>
    private sealed class Aggregator(IActorRef child)
    {
        public IActorRef Ref { get; } = child;

        /// <summary>Handed over and not handed back.</summary>
        public FlowLoad Load { get; set; }

        /// <summary>At its last answer it had buckets that the next one drops if nothing comes.</summary>
        public bool KeepsBuckets { get; set; }

        /// <summary>The flush whose answer is outstanding, 0 when none is.</summary>
        public long AskedIn { get; set; }

        /// <summary>The flush after which something came last.</summary>
        public long UsedIn { get; set; }
    }
}
