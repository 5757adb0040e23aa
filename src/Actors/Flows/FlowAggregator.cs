using Akka.Actor;

namespace EbpfActors.Actors.Flows;

/// <summary>Owns the sums of one key between two flushes, and the escaped tags of its points.</summary>
public sealed class FlowAggregator : UntypedActor
{
    private readonly FlowKey _key;
    private readonly IFlowLineRenderer _renderer;
    private FlowTotals _totals;
    private object? _prefix;

    internal FlowAggregator(in FlowKey key, IFlowLineRenderer renderer, TimeSpan idleAfter)
    {
        _key = key;
        _renderer = renderer;
        Context.SetReceiveTimeout(idleAfter);
    }

    public static Props Props(FlowKey key, IFlowLineRenderer renderer, TimeSpan idleAfter) =>
        Akka.Actor.Props.CreateBy(new Producer(key, renderer, idleAfter));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AddTotals add: _totals += add.Totals; break;
            case FlushFlow flush: Flush(flush); break;
            // Stopping here would lose what the parent has sent meanwhile, so the parent decides.
            case ReceiveTimeout: Context.Parent.Tell(new PassivateFlow(_key)); break;
            default: Unhandled(message); break;
        }
    }

    private void Flush(FlushFlow flush)
    {
        _prefix ??= _renderer.TagPrefix(_key);
        var line = _renderer.Line(_prefix, _key, _totals, flush.TimestampNs);
        Context.Parent.Tell(new FlowFlushed(flush.FlushId, _key, _totals, line));
        _totals = default;
    }

    /// <summary>Connections come and go by the thousand: an expression tree for each costs more than the actor.</summary>
    private sealed class Producer(FlowKey key, IFlowLineRenderer renderer, TimeSpan idleAfter) : IIndirectActorProducer
    {
        public Type ActorType => typeof(FlowAggregator);

        public ActorBase Produce() => new FlowAggregator(key, renderer, idleAfter);

        public void Release(ActorBase actor)
        {
        }
    }
}
