using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Probes;

namespace EbpfActors.Actors.Supervision;

/// <summary>
/// Keeps named children alive: whatever ends one, it is started again after a rest that doubles with every failure in a
/// row; seldom when the kernel refused it. Belongs to one actor and runs inside it.
/// </summary>
internal sealed class PluginKeeper(IActorContext context, ITimerScheduler timers, BackoffOptions backoff)
{
    private readonly List<Plugin> _plugins = [];

    /// <summary>True once <see cref="StopAll"/> was called: children that end stay down.</summary>
    public bool IsStopping { get; private set; }

    public ImmutableArray<PluginStatus> Status() =>
        [.. _plugins.Select(p => new PluginStatus(p.Spec.Name, p.State, p.Restarts, p.Problem) { RetryAt = p.RetryAt })];

    /// <summary>Every failure stops the child: what held its state is gone, and its successor is made when the rest is over.</summary>
    public SupervisorStrategy Strategy() => new StopAndRemember(this);

    public void Start(PluginSpec spec)
    {
        var plugin = new Plugin(spec);
        _plugins.Add(plugin);
        Start(plugin);
    }

    public void Start(StartPlugin due)
    {
        if (!IsStopping && _plugins.Find(p => p.Spec.Name == due.Name) is { Child: null } plugin)
        {
            plugin.Restarts++;
            Start(plugin);
        }
    }

    /// <summary>The child of that name; the dead letters, which are counted, while it is down.</summary>
    public IActorRef Find(string name) =>
        _plugins.Find(p => p.Spec.Name == name)?.Child ?? context.System.DeadLetters;

    public bool IsRunning(string name) => _plugins.Exists(p => p.Spec.Name == name && p.Child is not null);

    public bool Has(string name) => _plugins.Exists(p => p.Spec.Name == name);

    /// <summary>Forwards to all; returns how many are down and did not get it.</summary>
    public int ForwardToAll(object message)
    {
        var down = 0;
        foreach (var plugin in _plugins)
        {
            down += plugin.Child is null ? 1 : 0;
            (plugin.Child ?? context.System.DeadLetters).Tell(message, context.Sender);
        }

        return down;
    }

    /// <summary>Schedules the successor of a child that ended; null when it was none of ours or ended on request.</summary>
    public PluginEnded? OnTerminated(IActorRef child)
    {
        if (_plugins.Find(p => child.Equals(p.Child)) is not { } plugin)
        {
            return null;
        }

        plugin.Child = null;
        plugin.RetryAt = null;
        if (IsStopping)
        {
            plugin.State = PluginState.Stopped;
            return null;
        }

        var cause = plugin.Cause;
        plugin.Cause = null;
        plugin.Problem = cause?.Message.ReplaceLineEndings(" ") ?? "stopped without a failure";
        var kind = cause switch
        {
            StartAnewException => PluginEnd.StartsAnew,
            BpfException { IsRefusal: true } => PluginEnd.Refusal,
            _ => PluginEnd.Failure,
        };
        var now = context.System.Scheduler.Now;
        var rest = plugin.RestAfter(kind, now, backoff);
        plugin.State = kind == PluginEnd.Refusal ? PluginState.Failed : PluginState.Waiting;
        plugin.RetryAt = now + rest;
        timers.StartSingleTimer(plugin.Spec.Name, new StartPlugin(plugin.Spec.Name), rest);
        return new PluginEnded(plugin.Spec.Name, kind, plugin.Problem, now + rest);
    }

    /// <summary>Stops all children; true when none was running.</summary>
    public bool StopAll()
    {
        IsStopping = true;
        foreach (var plugin in _plugins)
        {
            context.Stop(plugin.Child ?? ActorRefs.Nobody);
        }

        return AllStopped;
    }

    public bool AllStopped => _plugins.TrueForAll(p => p.Child is null);

    private void Start(Plugin plugin)
    {
        plugin.Child = context.ActorOf(plugin.Spec.Props, plugin.Spec.Name);
        context.Watch(plugin.Child);
        plugin.State = PluginState.Running;
        plugin.RetryAt = null;
        plugin.StartedAt = context.System.Scheduler.Now;
    }

    private void Remember(IActorRef child, Exception cause)
    {
        if (_plugins.Find(p => child.Equals(p.Child)) is { } plugin)
        {
            plugin.Cause = cause.GetBaseException();
        }
    }

    private sealed class Plugin(PluginSpec spec)
    {
        public PluginSpec Spec { get; } = spec;

        public IActorRef? Child { get; set; }

        public string State { get; set; } = PluginState.Waiting;

        public string Problem { get; set; } = "";

        public int Restarts { get; set; }

        public DateTimeOffset StartedAt { get; set; }

        /// <summary>Null while it runs.</summary>
        public DateTimeOffset? RetryAt { get; set; }

        public Exception? Cause { get; set; }

        private int FailuresInRow { get; set; }

        /// <summary>A plugin that ran for longer than the longest rest has recovered, and starts counting anew.</summary>
        public TimeSpan RestAfter(PluginEnd kind, DateTimeOffset now, BackoffOptions backoff)
        {
            var isRecovered = kind == PluginEnd.StartsAnew || now - StartedAt > backoff.Longest;
            FailuresInRow = isRecovered ? 1 : FailuresInRow + 1;
            return kind == PluginEnd.Refusal ? backoff.AfterRefusal(FailuresInRow) : backoff.After(FailuresInRow);
        }
    }

    private sealed class StopAndRemember(PluginKeeper keeper) : OneForOneStrategy(_ => Directive.Stop)
    {
        protected override Directive Handle(IActorRef child, Exception exception)
        {
            keeper.Remember(child, exception);
            return Directive.Stop;
        }

        /// <summary>A refusal of the kernel is expected and told in one line by whoever hears of the end; where it came from matters to few.</summary>
        protected override void LogFailure(IActorContext context, IActorRef child, Exception cause, Directive directive)
        {
            if (cause.GetBaseException() is BpfException or StartAnewException)
            {
                context.System.EventStream.Publish(new Debug(cause, child.Path.ToString(), typeof(PluginKeeper), $"{child.Path.Name} ended"));
            }
            else
            {
                base.LogFailure(context, child, cause, directive);
            }
        }
    }
}
