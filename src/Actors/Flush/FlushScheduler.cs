using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.Flush;

/// <summary>
/// Owns the interval and the aggregators. One flush is: sweep the kernel, ask every aggregator that holds something, hand
/// all points with one timestamp to the parent, which knows the outputs. Sibling messages go through the parent too.
/// </summary>
public sealed class FlushScheduler : UntypedActor, IWithTimers
{
    private readonly FlushOptions _options;
    private readonly TimeProvider _time;
    private readonly FlowAggregators _aggregators;
    private readonly FlushRound _round = new();
    private readonly FlushWindow _window;
    private readonly List<IActorRef> _waitingForNext = [];
    private readonly List<IActorRef> _waiting = [];

    public FlushScheduler(FlushOptions options, FlowRenderers renderers, FlowLedger ledger, TimeProvider time)
    {
        _options = options;
        _time = time;
        _aggregators = new FlowAggregators(Context, options, renderers, ledger);
        _window = new FlushWindow(time, options, Context.Parent);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(FlushOptions options, FlowRenderers renderers, FlowLedger ledger, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new FlushScheduler(options, renderers, ledger, time));

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(FlushTick), FlushTick.Instance, _options.Interval);

    protected override void PostStop() => _aggregators.Abandon("flush-stopped");

    // What an aggregator held is lost with it, so a restart in place would keep nothing; the next record makes a new one.
    protected override SupervisorStrategy SupervisorStrategy() => new StopAndTell(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FlowBatch batch: Take(batch); break;
            case FlowFlushed flushed: OnFlushed(flushed); break;
            case FlushTick when _round.IsIdle: Begin(); break;
            case FlushTick: _round.SkipTick(); break;
            case SweepDone done when _round.IsSweeping(done.FlushId): Collect(); break;
            case SweepDone: break;
            case PhaseOverdue { Phase: FlushPhase.Sweeping } overdue when _round.IsOverdue(overdue): Collect(); break;
            case PhaseOverdue overdue when _round.IsOverdue(overdue): Finish(); break;
            case PhaseOverdue: break;
            case AggregatorCrashed crashed: OnAggregatorCrashed(crashed.Aggregator); break;
            case FlushNow: OnFlushNow(); break;
            case GetFlushStatus: Sender.Tell(_round.Status(_aggregators.Count, _aggregators.Held)); break;
            default: Unhandled(message); break;
        }
    }

    private void Take(FlowBatch batch)
    {
        using (batch)
        {
            _aggregators.Add(batch);
        }
    }

    /// <summary>The agent stops: what another tick would sweep up would come too late for the outputs.</summary>
    private void OnFlushNow()
    {
        Timers.Cancel(nameof(FlushTick));
        _waitingForNext.Add(Sender);
        if (_round.IsIdle)
        {
            Begin();
        }
        else
        {
            StartDeadline();
        }
    }

    private void Begin()
    {
        _waiting.AddRange(_waitingForNext);
        _waitingForNext.Clear();
        _round.Begin();
        StartDeadline();
        Context.Parent.Tell(new RequestSweep(_round.Id));
    }

    private void Collect()
    {
        var timestampNs = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        var isOver = _round.Collect(_aggregators.Flush(new FlushFlow(_round.Id, timestampNs)));
        StartDeadline();
        if (isOver)
        {
            Finish();
        }
    }

    private void OnFlushed(FlowFlushed flushed)
    {
        // A late answer keeps its timestamp and leaves with the next flush.
        _aggregators.Settle(flushed);
        _window.Add(flushed);
        if (flushed.FlushId == _round.Id && _round.Answered())
        {
            Finish();
        }
    }

    private void OnAggregatorCrashed(IActorRef aggregator)
    {
        var wasAwaited = _aggregators.Bury(aggregator, _round.Id, out var lost);
        Context.GetLogger().Warning("An aggregator stopped with {0}", lost);
        if (wasAwaited && _round.Answered())
        {
            Finish();
        }
    }

    private void Finish()
    {
        Timers.Cancel(nameof(PhaseOverdue));
        _round.Finish();
        _aggregators.Written(_window.Close());
        foreach (var overflow in _window.Overflows())
        {
            Context.GetLogger().Warning("{0}", overflow);
        }

        _waiting.ForEach(w => w.Tell(FlushFinished.Instance));
        _waiting.Clear();
        if (_waitingForNext.Count > 0)
        {
            Begin();
        }
    }

    private void StartDeadline()
    {
        var isAwaited = _waiting.Count + _waitingForNext.Count > 0;
        var deadline = isAwaited ? _options.FinalPhaseDeadline : _options.PhaseDeadline;
        Timers.StartSingleTimer(nameof(PhaseOverdue), new PhaseOverdue(_round.Id, _round.Phase), deadline);
    }

    private sealed class StopAndTell(IActorRef scheduler) : OneForOneStrategy(_ => Directive.Stop)
    {
        protected override Directive Handle(IActorRef child, Exception exception)
        {
            scheduler.Tell(new AggregatorCrashed(child));
            return Directive.Stop;
        }
    }

    /// <summary>Supervision -> flush scheduler: an aggregator has failed and stops.</summary>
    private sealed record AggregatorCrashed(IActorRef Aggregator) : INoSerializationVerificationNeeded;
}
