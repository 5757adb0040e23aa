using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Bash.Redaction;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Probes;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Bash;

/// <summary>
/// Owns the bash probe from attach to detach, takes the secrets out of what it reads, and hands over the points at every
/// interval, or as soon as there are enough of them.
/// </summary>
public sealed class BashProbeActor : UntypedActor, IWithTimers
{
    /// <summary>The plugin's name in the tree, in the status and in error reports.</summary>
    public const string Name = "bash";

    private readonly BashPluginOptions _options;
    private readonly LedgerStage _stage;
    private readonly KernelLosses _kernel;
    private readonly BashProbeReader _reader;
    private readonly BashLineRenderer _renderer;
    private readonly LineCuts _cuts;
    private readonly Redactor _redact;
    private readonly List<byte[]> _points = [];
    private readonly List<IActorRef> _waiting = [];
    private bool _attached;
    private bool _hasHidden;

    public BashProbeActor(BashPluginOptions options, FlowLedger ledger)
    {
        _options = options;
        _stage = ledger.Stage(LedgerStages.Bash, "commands");
        _kernel = new KernelLosses(_stage);
        _cuts = LineCuts.In(ledger);
        _renderer = new BashLineRenderer(options.Identity, _cuts, options.Time.LocalTimeZone);
        _redact = options.Redactor();
        _reader = new BashProbeReader(options, _stage, new Listener(Self));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(BashPluginOptions options, FlowLedger ledger) =>
        Akka.Actor.Props.Create(() => new BashProbeActor(options, ledger));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(FlushTick), FlushTick.Instance, _options.Interval);
        _reader.Start();
    }

    protected override void PostStop()
    {
        if (!_reader.Stop())
        {
            Context.GetLogger().Error("The bash probe's reader does not come back from the kernel; it detaches when it does");
        }

        _stage.Lost("probe-stopped", _points.Count);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case CommandBatch batch: Take(batch); break;
            case FlushTick: Flush(); break;
            case FlushNow: FlushAfterDrain(Sender); break;
            case ReaderDrained: OnDrained(); break;
            case RequestSweep: break; // for those that count
            case GetProbeStatus: Sender.Tell(Status()); break;
            case ProbeReady ready: OnReady(ready); break;
            case ReaderFailed failed: Fail(failed.Cause); break;
            default: Unhandled(message); break;
        }
    }

    private void Take(CommandBatch batch)
    {
        using (batch)
        {
            foreach (var command in batch.Commands)
            {
                Take(command);
            }
        }
    }

    private void Take(in ShellCommand command)
    {
        if (string.IsNullOrWhiteSpace(command.Text))
        {
            _stage.Filtered("blank", 1);
            return;
        }

        var text = Redact(command);
        var kept = CommandCut.Of(text, _options.CommandLength);
        _points.Add(_renderer.Line(command with { IsCut = command.IsCut || kept.Length < text.Length }, kept));
        if (_points.Count >= _options.CacheSize)
        {
            Flush();
        }
    }

    /// <summary>Anybody may type anything: a line that the redactor cannot read is hidden, and takes no other with it.</summary>
    private string Redact(in ShellCommand command)
    {
        try
        {
            return _redact(command.Pid, command.Text, command.IsCut);
        }
#pragma warning disable CA1031 // Whatever it is: the line may hold a secret, and the next one is to be read.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _cuts.Command();
            if (!_hasHidden)
            {
                _hasHidden = true;
                Context.GetLogger().Error("A command line could not be searched for secrets and is hidden: {0} {1}", e.GetType(), e.StackTrace);
            }

            return SecretRanges.Mask;
        }
    }

    private void Fail(Exception cause)
    {
        Flush();
        ExceptionDispatchInfo.Throw(cause);
    }

    private void Flush()
    {
        _kernel.Enter(_reader.Counters() with { Records = 0 });
        if (_points.Count > 0)
        {
            Context.Parent.Tell(new WritePoints(PointEndpoint.Bash, [.. _points]));
            _stage.Out(_points.Count);
            _points.Clear();
        }
    }

    private void FlushAfterDrain(IActorRef asker)
    {
        Timers.Cancel(nameof(FlushTick));
        if (!_attached)
        {
            Context.Parent.Tell(FlushFinished.Instance);
            return;
        }

        _waiting.Add(asker);
        _reader.RequestDrain();
    }

    private void OnDrained()
    {
        Flush();
        _waiting.ForEach(_ => Context.Parent.Tell(FlushFinished.Instance));
        _waiting.Clear();
    }

    private void OnReady(ProbeReady ready)
    {
        _attached = true;
        Context.Parent.Tell(ready);
    }

    private ProbeStatus Status() => new(Name, _attached ? "attached" : "attaching", _reader.Hooks, _reader.Counters(), "");

    /// <summary>Turns calls of the reader's thread into messages.</summary>
    private sealed class Listener(IActorRef self) : IBashProbeListener
    {
        public void Attached(IReadOnlyList<HookStatus> hooks) => self.Tell(new ProbeReady(Name, hooks), self);

        public void Read(CommandBatch batch) => self.Tell(batch, self);

        public void Drained() => self.Tell(ReaderDrained.Instance, self);

        public void Failed(Exception cause) => self.Tell(new ReaderFailed(cause), self);
    }

    /// <summary>Reader thread -> probe: the thread has ended with this.</summary>
    private sealed record ReaderFailed(Exception Cause) : INoSerializationVerificationNeeded;

    /// <summary>Reader thread -> probe: all batches of the drain that was asked for came before this.</summary>
    private sealed class ReaderDrained : INoSerializationVerificationNeeded
    {
        public static readonly ReaderDrained Instance = new();
    }
}
