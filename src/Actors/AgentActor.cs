using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Actors;

/// <summary>
/// The root of the tree: keeps every part alive and passes messages between them, so that a part that was made anew is
/// found by the others without their noticing.
/// </summary>
public sealed partial class AgentActor : UntypedActor, IWithTimers
{
    public const string Name = "agent";

    private readonly AgentActorOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private PluginKeeper? _keeper;
    private readonly HashSet<string> _attached = new(StringComparer.Ordinal);

    /// <summary>Why the kernel refused a plugin last, of those that have not been attached since.</summary>
    private readonly Dictionary<string, string> _refusals = new(StringComparer.Ordinal);

    public AgentActor(AgentActorOptions options) => _options = options;

    public ITimerScheduler Timers { get; set; } = null!;

    private PluginKeeper Keeper => _keeper ??= new PluginKeeper(Context, Timers, _options.Backoff);

    public static Props Props(AgentActorOptions options) => Akka.Actor.Props.Create(() => new AgentActor(options));

    protected override void PreStart()
    {
        foreach (var part in AgentParts.Of(_options))
        {
            Keeper.Start(part);
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => Keeper.Strategy();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FlowBatch or SweepDone: Keeper.Find(AgentParts.Flush).Forward(message); break;
            case RequestSweep sweep: Sweep(sweep); break;
            case WritePoints: Write(message); break;
            case FlushedFlows: Keeper.Find(AgentParts.Outputs).Forward(message); break;
            case ReportLastError: Report(message); break;
            case ProbeReady ready: OnReady(ready); break;
            case PluginEnded ended: OnEnded(ended); break;
            case Terminated terminated: OnTerminated(terminated.ActorRef); break;
            case StartPlugin due: Keeper.Start(due); break;
            case GetAgentStatus: Context.ActorOf(StatusGatherer.Props(_options, Keeper, Sender)); break;
            default: OnStopping(message); break;
        }
    }

    // Nobody waits for a probe that is not there.
    private void Sweep(RequestSweep sweep)
    {
        if (_attached.Contains(NetProbeActor.Name))
        {
            Keeper.Find(AgentParts.Probes).Forward(sweep);
        }
        else
        {
            Sender.Tell(new SweepDone(sweep.FlushId));
        }
    }

    private void Write(object points)
    {
        Keeper.Find(AgentParts.Outputs).Forward(points);
        Report(points);
    }

    private void Report(object message)
    {
        if (Keeper.Has(AgentParts.DataKit))
        {
            Keeper.Find(AgentParts.DataKit).Forward(message);
        }
    }

    private void OnReady(ProbeReady ready)
    {
        _attached.Add(ready.Name);
        _refusals.Remove(ready.Name);
        foreach (var line in HookReport.Of(ready.Name, ready.Hooks))
        {
            if (line.IsWarning)
            {
                _log.Warning("{0}", line.Text);
            }
            else
            {
                _log.Info("{0}", line.Text);
            }
        }

        Context.System.EventStream.Publish(ready);
    }

    private void OnEnded(PluginEnded ended)
    {
        _attached.Remove(ended.Name);
        switch (ended.Kind)
        {
            case PluginEnd.StartsAnew: _log.Info("Plugin {0} starts anew: {1}", ended.Name, ended.Problem); break;
            case PluginEnd.Refusal: OnRefused(ended); break;
            default: _log.Warning("{0} ended and starts again shortly: {1}", ended.Name, ended.Problem); break;
        }

        Context.System.EventStream.Publish(ended);
    }

    /// <summary>Told once for each reason, until the plugin has been attached in between.</summary>
    private void OnRefused(PluginEnded refused)
    {
        var again = refused.RetryAt.ToLocalTime();
        if (_refusals.GetValueOrDefault(refused.Name) == refused.Problem)
        {
            _log.Debug("{0} was refused as before and is tried again at {1:HH:mm:ss}: {2}", refused.Name, again, refused.Problem);
            return;
        }

        _refusals[refused.Name] = refused.Problem;
        _log.Error("{0} was refused; it is tried again at {1:HH:mm:ss} and from then on, up to every ten minutes: {2}", refused.Name, again, refused.Problem);
        Report(new ReportLastError($"{refused.Name}: {refused.Problem}"));
    }

    private void OnTerminated(IActorRef child)
    {
        if (Keeper.OnTerminated(child) is { } ended)
        {
            OnEnded(ended);
        }

        if (_stop == StopPhase.Detaching && Keeper.AllStopped)
        {
            Finish();
        }
    }
}
