using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using EbpfActors.Actors.Supervision;
using EbpfActors.Probes;

namespace EbpfActors.Actors.Probes;

/// <summary>What a thread does with its probe; every call comes from it.</summary>
internal interface IProbeTurns
{
    void Attached(IReadOnlyList<HookStatus> hooks);

    /// <summary>One wait and what came of it. Called again and again until the thread is to stop.</summary>
    void Turn();

    /// <summary>Takes what the kernel holds: the probe is about to be made anew.</summary>
    void TakeRest()
    {
    }

    /// <summary>The thread is about to end with this.</summary>
    void Failed(Exception cause);

    /// <summary>The last call, however it ends; must not wait.</summary>
    void Leave();
}

/// <summary>
/// Owns a probe and the thread that attaches and reads it. After <see cref="Stop"/> has returned true the probe is disposed of,
/// which detaches it.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The last of thread and actor to leave disposes; see LeaveProbe.")]
internal sealed class ProbeThread
{
    /// <summary>How often a probe is asked whether it could do better, unless told otherwise.</summary>
    public static readonly TimeSpan AskBetter = TimeSpan.FromSeconds(10);

    private readonly IProbe _probe;
    private readonly IProbeTurns _turns;
    private readonly TimeSpan _stopDeadline;
    private readonly TimeSpan _askBetter;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private volatile bool _isAttached;
    private int _users = 2;

    public ProbeThread(string name, IProbe probe, IProbeTurns turns, TimeSpan stopDeadline, TimeSpan? askBetter = null)
    {
        _askBetter = askBetter ?? AskBetter;
        _probe = probe;
        _turns = turns;
        _stopDeadline = stopDeadline;
        Stopping = _stop.Token;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Ends whatever else the thread waits for.</summary>
    public CancellationToken Stopping { get; }

    public bool IsAttached => _isAttached;

    public void Start() => _thread.Start();

    /// <summary>None before the probe is attached and after it is gone.</summary>
    public ProbeCounters Counters() => _isAttached ? _probe.Counters() : new ProbeCounters(0, [], []);

    /// <summary>Ends a wait for the kernel.</summary>
    public void Wake()
    {
        if (_isAttached)
        {
            _probe.Wake();
        }
    }

    /// <summary>Ends the thread; false when it did not come back in time, and then it disposes of the probe when it does.</summary>
    public bool Stop()
    {
        _stop.Cancel();
        Wake();
        var ended = _thread.Join(_stopDeadline);
        LeaveProbe();
        return ended;
    }

    private void Run()
    {
        try
        {
            var hooks = _probe.Attach();
            _isAttached = true;
            _turns.Attached(hooks);
            var asked = Stopwatch.GetTimestamp();
            while (!_stop.IsCancellationRequested)
            {
                _turns.Turn();
                if (Stopwatch.GetElapsedTime(asked) >= _askBetter)
                {
                    asked = Stopwatch.GetTimestamp();
                    StartAnewIfBetter();
                }
            }
        }
#pragma warning disable CA1031 // Whatever ends this thread is thrown again inside the actor, where supervision sees it.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            _turns.Failed(cause);
        }
        finally
        {
            _turns.Leave();
            LeaveProbe();
        }
    }

    private void StartAnewIfBetter()
    {
        if (_probe.CouldDoBetter() is { } reason)
        {
            _turns.TakeRest();
            throw new StartAnewException(reason);
        }
    }

    // The last of the two that use the probe, thread and actor, detaches it: a reader that hangs cannot be pulled away under.
    private void LeaveProbe()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _isAttached = false;
            _probe.Dispose();
            _stop.Dispose();
        }
    }
}
