using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Supervision;

/// <summary>
/// Keeps plugins of one kind and passes messages through: what comes from a plugin goes up, everything else goes to all
/// of them.
/// </summary>
public sealed class PluginGroup : UntypedActor, IWithTimers
{
    private readonly ImmutableArray<PluginSpec> _specs;
    private readonly BackoffOptions _backoff;
    private PluginKeeper? _keeper;

    public PluginGroup(ImmutableArray<PluginSpec> specs, BackoffOptions backoff)
    {
        _specs = specs;
        _backoff = backoff;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private PluginKeeper Keeper => _keeper ??= new PluginKeeper(Context, Timers, _backoff);

    public static Props Props(ImmutableArray<PluginSpec> specs, BackoffOptions backoff) =>
        Akka.Actor.Props.Create(() => new PluginGroup(specs, backoff));

    protected override void PreStart()
    {
        foreach (var spec in _specs)
        {
            Keeper.Start(spec);
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => Keeper.Strategy();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated: OnTerminated(terminated.ActorRef); break;
            case StartPlugin due: Keeper.Start(due); break;
            case GetPlugins: Sender.Tell(new Plugins(Keeper.Status())); break;
            case CloseOutput: Close(); break;
            case var other when IsFromPlugin(): Context.Parent.Forward(other); break;
            default: Keeper.ForwardToAll(message); break;
        }
    }

    private void OnTerminated(IActorRef child)
    {
        if (Keeper.OnTerminated(child) is { } ended)
        {
            Context.Parent.Tell(ended);
        }
    }

    // An output that is down holds nothing, and nobody should wait for it.
    private void Close()
    {
        for (var down = Keeper.ForwardToAll(CloseOutput.Instance); down > 0; down--)
        {
            Sender.Tell(OutputClosed.Instance);
        }
    }

    private bool IsFromPlugin() => Sender.Path.Parent.Equals(Self.Path);
}
