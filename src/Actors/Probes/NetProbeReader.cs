using System.Diagnostics;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Probes;

/// <summary>
/// Reads a net probe on a thread of its own. Batches and events leave through <see cref="INetProbeListener"/>, on that thread;
/// after <see cref="Stop"/> has returned true the probe is detached.
/// </summary>
internal sealed class NetProbeReader : INetSink, IProbeTurns
{
    private readonly INetProbe _probe;
    private readonly NetPluginOptions _options;
    private readonly INetProbeListener _listener;
    private readonly FlowTable _table;
    private readonly KernelLosses _kernel;
    private readonly CreditGate _credits;
    private readonly ProbeThread _thread;
    private long _sweepWanted;
    private long _sweepDone;
    private long _sentAt;

    public NetProbeReader(NetPluginOptions options, FlowLedger ledger, INetProbeListener listener)
    {
        _probe = options.Create();
        _options = options;
        _listener = listener;
        _table = new FlowTable(options.Table, ledger);
        _kernel = new KernelLosses(ledger.Stage(LedgerStages.Kernel, "records"));
        _credits = new CreditGate(options.Credits);
        _thread = new ProbeThread("net-probe", _probe, this, options.StopDeadline, options.AskBetter);
    }

    public void Start() => _thread.Start();

    public ProbeCounters Counters() => WithNames(_thread.Counters());

    /// <summary>Sweeps as soon as the thread comes around; of several requests the last one is answered.</summary>
    public void RequestSweep(long flushId)
    {
        Volatile.Write(ref _sweepWanted, flushId);
        _thread.Wake();
    }

    /// <summary>Ends the thread; false when it did not come back in time, and then it disposes of the probe when it does.</summary>
    public bool Stop() => _thread.Stop();

    void IProbeTurns.Attached(IReadOnlyList<HookStatus> hooks) => _listener.Attached(hooks);

    void IProbeTurns.Failed(Exception cause) => _listener.Failed(cause);

    void IProbeTurns.Leave() => Send(mayWait: false);

    void IProbeTurns.TakeRest()
    {
        _probe.Drain(this);
        _probe.Sweep(this);
        Send();
        _kernel.Enter(WithNames(_probe.Counters()));
    }

    void IProbeTurns.Turn()
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
            _kernel.Enter(WithNames(_probe.Counters()));
            _listener.Swept(flushId);
        }
        else if (_options.RestBetweenDrains > TimeSpan.Zero)
        {
            _thread.Stopping.WaitHandle.WaitOne(_options.RestBetweenDrains);
        }
    }

    private ProbeCounters WithNames(ProbeCounters counters)
    {
        var domains = _table.Domains;
        return counters with
        {
            Losses = domains.NamesEvicted is > 0 and var names ? [.. counters.Losses, new ProbeLoss("domain-names-full", names, 0)] : counters.Losses,
            Limits = [.. counters.Limits, new TableFill("addresses with a name", domains.Count, domains.Size)],
        };
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

        if (mayWait ? _credits.Take(_thread.Stopping) : _credits.TryTake())
        {
            _listener.Read(_table.Take(_credits));
        }
        else
        {
            _table.Discard("probe-stopped");
        }
    }
}
