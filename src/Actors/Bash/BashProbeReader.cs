using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Bash;

/// <summary>
/// Reads a bash probe on a thread of its own. Batches leave through <see cref="IBashProbeListener"/>, on that thread; after
/// <see cref="Stop"/> has returned true the probe is detached.
/// </summary>
internal sealed class BashProbeReader : IBashSink, IProbeTurns
{
    private readonly IBashProbe _probe;
    private readonly BashPluginOptions _options;
    private readonly LedgerStage _stage;
    private readonly IBashProbeListener _listener;
    private readonly CreditGate _credits;
    private readonly List<ShellCommand> _typed = [];
    private readonly ProbeThread _thread;
    private int _drainWanted;

    public BashProbeReader(BashPluginOptions options, LedgerStage stage, IBashProbeListener listener)
    {
        _probe = options.Create();
        _options = options;
        _stage = stage;
        _listener = listener;
        _credits = new CreditGate(options.Credits);
        _thread = new ProbeThread("bash-probe", _probe, this, options.StopDeadline);
    }

    public IReadOnlyList<HookStatus> Hooks => _thread.IsAttached ? _probe.Hooks : [];

    public void Start() => _thread.Start();

    public ProbeCounters Counters() => _thread.Counters();

    /// <summary>Drains as soon as the thread comes around, and says so.</summary>
    public void RequestDrain()
    {
        Interlocked.Exchange(ref _drainWanted, 1);
        _thread.Wake();
    }

    /// <summary>Ends the thread; false when it did not come back in time, and then it disposes of the probe when it does.</summary>
    public bool Stop() => _thread.Stop();

    // Runs inside the probe, where a foreign frame may be on the stack: it must not throw.
    void IBashSink.Typed(in ShellCommand command) => _typed.Add(command);

    void IProbeTurns.Attached(IReadOnlyList<HookStatus> hooks) => _listener.Attached(hooks);

    void IProbeTurns.Failed(Exception cause) => _listener.Failed(cause);

    void IProbeTurns.Leave() => Send(mayWait: false);

    void IProbeTurns.TakeRest()
    {
        _probe.Drain(this);
        Send();
    }

    void IProbeTurns.Turn()
    {
        if (Volatile.Read(ref _drainWanted) == 0)
        {
            _probe.Wait(_options.WaitAtMost);
        }

        // Taken back before the drain: a request during it is for the next one.
        var isWanted = Interlocked.Exchange(ref _drainWanted, 0) == 1;
        _probe.Drain(this);
        Send();
        if (isWanted)
        {
            _listener.Drained();
        }
    }

    private void Send(bool mayWait = true)
    {
        if (_typed.Count == 0)
        {
            return;
        }

        _stage.In(_typed.Count);
        if (mayWait ? _credits.Take(_thread.Stopping) : _credits.TryTake())
        {
            _listener.Read(new CommandBatch([.. _typed], _credits));
        }
        else
        {
            _stage.Lost("probe-stopped", _typed.Count);
        }

        _typed.Clear();
    }
}
