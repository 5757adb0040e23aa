using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;

namespace EbpfActors.Actors.Conntrack;

/// <summary>Owns the conntrack probe and speaks for its thread. It makes no points: the net plugin asks it for addresses.</summary>
public sealed class ConntrackProbeActor : UntypedActor, IWithTimers
{
    /// <summary>The plugin's name in the tree, in the status and in error reports.</summary>
    public const string Name = "conntrack";

    private readonly ConntrackPluginOptions _options;
    private readonly ConntrackListener _listener;
    private readonly KernelLosses _losses;
    private bool _attached;

    public ConntrackProbeActor(ConntrackPluginOptions options, FlowLedger ledger)
    {
        _options = options;
        _losses = new KernelLosses(ledger.Stage(LedgerStages.Conntrack, "events"));
        var self = Self;
        _listener = new ConntrackListener(
            options, hooks => self.Tell(new ProbeReady(Name, hooks), self), cause => self.Tell(new ListenerFailed(cause), self));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ConntrackPluginOptions options, FlowLedger ledger) =>
        Akka.Actor.Props.Create(() => new ConntrackProbeActor(options, ledger));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(FlushTick), FlushTick.Instance, _options.CountEvery);
        _listener.Start();
    }

    protected override void PostStop()
    {
        if (!_listener.Stop())
        {
            Context.GetLogger().Error("The conntrack probe's thread does not come back from the kernel");
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FlushTick: _losses.Enter(_listener.Counters()); break;
            case RequestSweep or FlushNow: break; // for those that have points
            case GetProbeStatus: Sender.Tell(Status()); break;
            case ProbeReady ready: OnReady(ready); break;
            case ListenerFailed failed: ExceptionDispatchInfo.Throw(failed.Cause); break;
            default: Unhandled(message); break;
        }
    }

    private void OnReady(ProbeReady ready)
    {
        _attached = true;
        Context.Parent.Tell(ready);
    }

    private ProbeStatus Status() => new(Name, _attached ? "attached" : "attaching", _listener.Hooks, _listener.Counters(), "");

    /// <summary>Listener's thread -> probe: the thread has ended with this.</summary>
    private sealed record ListenerFailed(Exception Cause) : INoSerializationVerificationNeeded;
}
