using System.Diagnostics.CodeAnalysis;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes;
using EbpfActors.Probes.Bash;

namespace EbpfActors.Actors.Bash;

/// <summary>
/// Owns a bash probe and the thread that reads it. Batches leave through <see cref="IBashProbeListener"/>, on that thread;
/// after <see cref="Stop"/> has returned true the probe is disposed of, which detaches it.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The last of thread and actor to leave disposes; see LeaveProbe.")]
internal sealed class BashProbeReader : IBashSink
{
    private readonly IBashProbe _probe;
    private readonly BashPluginOptions _options;
    private readonly LedgerStage _stage;
    private readonly IBashProbeListener _listener;
    private readonly CreditGate _credits;
    private readonly List<ShellCommand> _typed = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private volatile bool _attached;
    private int _drainWanted;
    private int _users = 2;

    public BashProbeReader(BashPluginOptions options, LedgerStage stage, IBashProbeListener listener)
    {
        _probe = options.Create();
        _options = options;
        _stage = stage;
        _listener = listener;
        _credits = new CreditGate(options.Credits);
        _thread = new Thread(Run) { IsBackground = true, Name = "bash-probe" };
    }

    public IReadOnlyList<HookStatus> Hooks => _attached ? _probe.Hooks : [];

    public void Start() => _thread.Start();

    public ProbeCounters Counters() => _attached ? _probe.Counters() : new ProbeCounters(0, [], []);

    /// <summary>Drains as soon as the thread comes around, and says so.</summary>
    public void RequestDrain()
    {
        Interlocked.Exchange(ref _drainWanted, 1);
        Wake();
    }

    /// <summary>Ends the thread; false when it did not come back in time, and then it disposes of the probe when it does.</summary>
    public bool Stop()
    {
        _stop.Cancel();
        Wake();
        var ended = _thread.Join(_options.StopDeadline);
        LeaveProbe();
        return ended;
    }

    // Runs inside the probe, where a foreign frame may be on the stack: it must not throw.
    void IBashSink.Typed(in ShellCommand command) => _typed.Add(command);

    private void Run()
    {
        try
        {
            var hooks = _probe.Attach();
            _attached = true;
            _listener.Attached(hooks);
            while (!_stop.IsCancellationRequested)
            {
                Turn();
            }
        }
#pragma warning disable CA1031 // Whatever ends this thread is thrown again inside the actor, where supervision sees it.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            _listener.Failed(cause);
        }
        finally
        {
            Send(mayWait: false);
            LeaveProbe();
        }
    }

    private void Turn()
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
        if (mayWait ? _credits.Take(_stop.Token) : _credits.TryTake())
        {
            _listener.Read(new CommandBatch([.. _typed], _credits));
        }
        else
        {
            _stage.Lost("probe-stopped", _typed.Count);
        }

        _typed.Clear();
    }

    private void Wake()
    {
        if (_attached)
        {
            _probe.Wake();
        }
    }

    // The last of the two that use the probe, thread and actor, detaches it: a reader that hangs cannot be pulled away under.
    private void LeaveProbe()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _attached = false;
            _probe.Dispose();
            _stop.Dispose();
        }
    }
}
