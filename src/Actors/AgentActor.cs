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
            case PluginFailed failed: OnFailed(failed); break;
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
        _log.Info("Plugin {0} attached: {1}", ready.Name, string.Join(", ", ready.Hooks.Where(h => h.Rung.Length > 0).Select(h => $"{h.Hook} by {h.Rung}")));
        foreach (var hook in ready.Hooks.Where(h => h.Problem.Length > 0))
        {
            _log.Warning("Plugin {0} goes on without {1}: {2}", ready.Name, hook.Hook, hook.Problem);
        }

        Context.System.EventStream.Publish(ready);
    }

    private void OnFailed(PluginFailed failed)
    {
        _attached.Remove(failed.Name);
        if (failed.IsPermanent)
        {
            _log.Error("{0} failed and is not tried again: {1}", failed.Name, failed.Problem);
            Report(new ReportLastError($"{failed.Name}: {failed.Problem}"));
        }
        else
        {
            _log.Warning("{0} ended and starts again shortly: {1}", failed.Name, failed.Problem);
        }

        Context.System.EventStream.Publish(failed);
    }

    private void OnTerminated(IActorRef child)
    {
        if (Keeper.OnTerminated(child) is { } failed)
        {
            OnFailed(failed);
        }

        if (_stop == StopPhase.Detaching && Keeper.AllStopped)
        {
            Finish();
        }
    }
}
