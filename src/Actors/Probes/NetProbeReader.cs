using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Probes;

/// <summary>
/// Owns a net probe and the thread that reads it. Batches and events leave through <see cref="INetProbeListener"/>, on that
/// thread; after <see cref="Stop"/> has returned true the probe is disposed of, which detaches it.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The last of thread and actor to leave disposes; see LeaveProbe.")]
internal sealed class NetProbeReader : INetSink
{
    private readonly INetProbe _probe;
    private readonly NetPluginOptions _options;
    private readonly INetProbeListener _listener;
    private readonly FlowTable _table;
    private readonly KernelLosses _kernel;
    private readonly CreditGate _credits;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private long _sweepWanted;
    private long _sweepDone;
    private long _sentAt;
    private volatile bool _attached;
    private int _users = 2;

    public NetProbeReader(NetPluginOptions options, FlowLedger ledger, INetProbeListener listener)
    {
        _probe = options.Create();
        _options = options;
        _listener = listener;
        _table = new FlowTable(options.Table, ledger);
        _kernel = new KernelLosses(ledger.Stage(LedgerStages.Kernel, "records"));
        _credits = new CreditGate(options.Credits);
        _thread = new Thread(Run) { IsBackground = true, Name = "net-probe" };
    }

    public void Start() => _thread.Start();

    public ProbeCounters Counters()
    {
        if (!_attached)
        {
            return new ProbeCounters(0, [], []);
        }

        var counters = _probe.Counters();
        var names = new TableFill("addresses with a name", _table.Domains.Count, _table.Domains.Size);
        return counters with { Limits = [.. counters.Limits, names] };
    }

    /// <summary>Sweeps as soon as the thread comes around; of several requests the last one is answered.</summary>
    public void RequestSweep(long flushId)
    {
        Volatile.Write(ref _sweepWanted, flushId);
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
        if (!SweepDue())
        {
            _probe.Wait(_options.WaitAtMost);
        }

        _options.Table.Nat?.CatchUp();
        _probe.Drain(this);
        if (Stopwatch.GetElapsedTime(_sentAt) >= _options.GatherFor)
        {
            Send();
        }

        if (SweepDue())
        {
            var flushId = Volatile.Read(ref _sweepWanted);
            _probe.Sweep(this);
            Send();
            _sweepDone = flushId;
            _kernel.Enter(_probe.Counters());
            _listener.Swept(flushId);
        }
        else if (_options.RestBetweenDrains > TimeSpan.Zero)
        {
            _stop.Token.WaitHandle.WaitOne(_options.RestBetweenDrains);
        }
    }

    private bool SweepDue() => Volatile.Read(ref _sweepWanted) != _sweepDone;

    // Runs inside the probe, where a foreign frame may be on the stack: it must not throw.
    void INetSink.Flow(in FlowDelta delta)
    {
        _table.Add(delta);
        SendIfFull();
    }

    void INetSink.Http(in HttpExchange exchange)
    {
        _table.Add(exchange);
        SendIfFull();
    }

    void INetSink.Note(ProbeNote note) => _listener.Noted(note);

    void INetSink.Dns(in DnsExchange exchange)
    {
        _table.Add(exchange);
        SendIfFull();
    }

    void INetSink.Domain(in DomainObservation domain) => _table.Domains.Add(domain);

    private void SendIfFull()
    {
        if (_table.IsFull)
        {
            Send();
        }
    }

    private void Send(bool mayWait = true)
    {
        _sentAt = Stopwatch.GetTimestamp();
        _table.CountFiltered();
        if (_table.IsEmpty)
        {
            return;
        }

        if (mayWait ? _credits.Take(_stop.Token) : _credits.TryTake())
        {
            _listener.Read(_table.Take(_credits));
        }
        else
        {
            _table.Discard("probe-stopped");
        }
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
