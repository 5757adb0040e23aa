using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes;

namespace EbpfActors.Actors.Probes;

/// <summary>Owns the net probe from attach to detach and speaks for its reader thread; what it reads goes to the parent.</summary>
public sealed class NetProbeActor : UntypedActor
{
    /// <summary>The plugin's name in the tree, in the status and in error reports.</summary>
    public const string Name = "net";

    private readonly NetProbeReader _reader;
    private IReadOnlyList<HookStatus> _hooks = [];
    private bool _attached;

    public NetProbeActor(NetPluginOptions options, FlowLedger ledger) => _reader =
        new NetProbeReader(options, ledger, new Listener(Self, Context.Parent));

    public static Props Props(NetPluginOptions options, FlowLedger ledger) =>
        Akka.Actor.Props.Create(() => new NetProbeActor(options, ledger));

    protected override void PreStart() => _reader.Start();

    protected override void PostStop()
    {
        if (!_reader.Stop())
        {
            Context.GetLogger().Error("The net probe's reader does not come back from the kernel; it detaches when it does");
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RequestSweep sweep: _reader.RequestSweep(sweep.FlushId); break;
            case FlushNow: break; // its records are with the flush scheduler
            case GetProbeStatus: Sender.Tell(Status()); break;
            case ProbeReady ready: OnReady(ready); break;
            case ProbeNote note: Log(note); break;
            case ReaderFailed failed: ExceptionDispatchInfo.Throw(failed.Cause); break;
            default: Unhandled(message); break;
        }
    }

    private void OnReady(ProbeReady ready)
    {
        _attached = true;
        _hooks = ready.Hooks;
        Context.Parent.Tell(ready);
    }

    private static void Log(ProbeNote note)
    {
        var log = Context.GetLogger();
        if (note.IsWarning)
        {
            log.Warning("{0}", note.Text);
        }
        else
        {
            log.Info("{0}", note.Text);
        }
    }

    private ProbeStatus Status()
    {
        var counters = _reader.Counters();
        return new(Name, _attached ? "attached" : "attaching", Hooks(counters.Hooks), counters, "");
    }

    /// <summary>What changes while the probe runs takes the place of what was told of the same hook when it was attached.</summary>
    private IReadOnlyList<HookStatus> Hooks(IReadOnlyList<HookStatus> now) =>
        [.. _hooks.Select(h => now.FirstOrDefault(n => n.Hook == h.Hook) ?? h), .. now.Where(n => !_hooks.Any(h => h.Hook == n.Hook))];

    /// <summary>Turns calls of the reader's thread into messages; batches skip the actor's own mailbox.</summary>
    private sealed class Listener(IActorRef self, IActorRef parent) : INetProbeListener
    {
        public void Attached(IReadOnlyList<HookStatus> hooks) => self.Tell(new ProbeReady(Name, hooks), self);

        public void Read(FlowBatch batch) => parent.Tell(batch, self);

        public void Swept(long flushId) => parent.Tell(new SweepDone(flushId), self);

        public void Noted(ProbeNote note) => self.Tell(note, self);

        public void Failed(Exception cause) => self.Tell(new ReaderFailed(cause), self);
    }

    /// <summary>Reader thread -> probe: the thread has ended with this.</summary>
    private sealed record ReaderFailed(Exception Cause) : INoSerializationVerificationNeeded;
}
