using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// Destination NAT by what the kernel itself says of each connection, before its packet goes on: a look-up after
/// <see cref="CatchUp"/> knows every connection that was seen before. The best rung of <c>nat-events</c> that the kernel takes is
/// used. Where nothing is tracked the probe waits, since there is nothing to translate either, and climbs when tracking comes.
/// </summary>
public sealed class ConntrackProbe : IConntrackProbe
{
    private const string Tracking = "connection tracking (nf_conntrack), which nothing on this host has loaded";

    private readonly ConntrackOptions _options;
    private readonly Func<Rung, NatTable, INatRung> _make;
    private readonly Func<TrackingPresence> _look;
    private readonly TimeProvider _time;
    private readonly NatTable _table;
    private readonly AutoResetEvent _wake = new(false);

    /// <summary>Guards the table, which is filled by whoever needs news first, and the rung in use.</summary>
    private readonly Lock _gate = new();
    private Ladder _events;
    private NatDump _dump;
    private INatRung? _rung;
    private string _rungName = "";
    private TrackingPresence _seen;
    private long _lookedAt;
    private long _triedAt;
    private TimeSpan _rest;
    private long _newsBefore;
    private long _overrunsBefore;

    public ConntrackProbe(ConntrackOptions options)
        : this(options, null, static () => TrackingPresence.Look(), TimeProvider.System)
    {
    }

    /// <param name="options">As of the agent.</param>
    /// <param name="make">Makes a rung that is not attached, to fill the table; null makes those of the kernel.</param>
    /// <param name="look">Tells what the kernel has of connection tracking.</param>
    /// <param name="time">For what is done from time to time.</param>
    internal ConntrackProbe(ConntrackOptions options, Func<Rung, NatTable, INatRung>? make, Func<TrackingPresence> look, TimeProvider time)
    {
        _options = options;
        _look = look;
        _time = time;
        _table = new NatTable(options.MaxConnections, options.Linger, time);
        _events = new Ladder(ConntrackHooks.Events, options.Without);
        _dump = new NatDump(_table, _gate, options.Without);
        _make = make ?? Make;
    }

    public IReadOnlyList<HookStatus> Hooks
    {
        get
        {
            lock (_gate)
            {
                return _rung is { } rung ? [_events.Status(rung.Detail), .. rung.Problems, .. _dump.Status()]
                    : IsWaiting ? [Waiting(ConntrackHooks.Events), Waiting(ConntrackHooks.Dump)]
                    : [_events.Status(), DumpWithoutEvents()];
            }
        }
    }

    /// <summary>There is nothing to attach to, and a rung that would be.</summary>
    private bool IsWaiting => !_seen.IsThere && _events.Rung is not null;

    public IReadOnlyList<HookStatus> Attach()
    {
        _lookedAt = _time.GetTimestamp();
        _seen = _look();
        if (_seen.IsThere)
        {
            Climb(ConntrackOptions.FirstRest);
        }

        return Hooks;
    }

    public void Wait()
    {
        // Only this thread puts another rung in place: one that is woken after this is the one that is waited for.
        var rung = _rung;
        if (!_wake.WaitOne(rung is null ? _options.LookEvery : TimeSpan.Zero))
        {
            rung?.Wait();
        }
    }

    public void Wake()
    {
        _wake.Set();
        lock (_gate)
        {
            _rung?.Wake();
        }
    }

    public bool Turn()
    {
        _rung?.Turn();
        if (_time.GetElapsedTime(_lookedAt) < _options.LookEvery)
        {
            return false;
        }

        _lookedAt = _time.GetTimestamp();
        var before = Condition();
        var (seen, earlier) = (_look(), _seen);
        _seen = seen;
        if (!seen.IsThere)
        {
            LetGo();
        }
        else if (seen != earlier)
        {
            if (seen.HasNetlink && !_dump.IsPossible)
            {
                // Who answers dumps has come: another start has one, which makes up for what happens between the two rungs.
                Use(null, "");
            }

            Climb(ConntrackOptions.FirstRest);
        }
        else if (_rung is null && _time.GetElapsedTime(_triedAt) >= _rest)
        {
            Climb(_rest * 2 < ConntrackOptions.LongestRest ? _rest * 2 : ConntrackOptions.LongestRest);
        }

        return Condition() != before;
    }

    public void CatchUp()
    {
        lock (_gate)
        {
            _rung?.CatchUp();
        }
    }

    public NatTarget Find(in FlowIdentity flow)
    {
        lock (_gate)
        {
            return _table.Count == 0 ? default : _table.Find(NatTuple.Of(flow), flow.NetNamespace, flow.BornNs);
        }
    }

    public ProbeCounters Counters()
    {
        lock (_gate)
        {
            var losses = ProbeLoss.Of(
                ("nat-events-overrun", _overrunsBefore + (_rung?.Overruns ?? 0)), ("nat-table-full", _table.Refused), ("nat-ambiguous", _table.Ambiguous));
            return new ProbeCounters(
                _newsBefore + (_rung?.News ?? 0), losses, [new TableFill("translated connections", _table.Count, _table.Capacity)]);
        }
    }

    public void Dispose()
    {
        Use(null, "");
        _wake.Dispose();
    }

    private static HookStatus Waiting(Hook hook) => new(hook.Name, "", "") { WaitsFor = Tracking };

    /// <summary>A dump is of no use when nothing tells of a connection's end.</summary>
    private HookStatus DumpWithoutEvents()
    {
        var isLeftOut = _events.Status().Refused.All(r => r.Reason == WithoutHooks.Reason);
        var dump = new Ladder(ConntrackHooks.Dump, WithoutHooks.None);
        dump.Refuse(isLeftOut ? WithoutHooks.Reason : $"there is no {ConntrackHooks.Events.Name}");
        return dump.Status();
    }

    private INatRung Make(Rung rung, NatTable table) =>
        rung.Name == "netlink" ? new NetlinkRung(_options, table, _dump, _gate) : new KernelRung(rung.Name, _options, table, _dump, _gate);

    /// <summary>What is worth a word when it changes.</summary>
    private (bool IsWaiting, string Rung, string Refusals) Condition() =>
        (IsWaiting, _rungName, string.Join('\n', _events.Status().Refused.Select(r => r.Rung + r.Reason)));

    /// <summary>Tries what is better than the rung in use, best first; that one serves meanwhile.</summary>
    /// <param name="rest">When to try again if no rung can be used.</param>
    private void Climb(TimeSpan rest)
    {
        (_triedAt, _rest) = (_time.GetTimestamp(), rest);
        var ladder = new Ladder(ConntrackHooks.Events, _options.Without);
        while (ladder.Rung is { } next && next.Name != _rungName)
        {
            if (_rung is null)
            {
                lock (_gate)
                {
                    _dump = new NatDump(_table, _gate, _options.Without);
                }
            }

            var rung = _make(next, _table);
            try
            {
                rung.Attach();
                Use(rung, next.Name);
                break;
            }
            catch (BpfException refusal)
            {
                rung.Dispose();
                ladder.Refuse(refusal.Reason);
            }
            catch
            {
                rung.Dispose();
                throw;
            }
        }

        lock (_gate)
        {
            _events = ladder;
        }
    }

    /// <summary>The module has been unloaded, and every connection with it.</summary>
    private void LetGo()
    {
        Use(null, "");
        lock (_gate)
        {
            _table.EndAll(_ => true);
            _events = new Ladder(ConntrackHooks.Events, _options.Without);
        }
    }

    private void Use(INatRung? rung, string name)
    {
        INatRung? old;
        lock (_gate)
        {
            old = _rung;
            _newsBefore += old?.News ?? 0;
            _overrunsBefore += old?.Overruns ?? 0;
            (_rung, _rungName) = (rung, name);
        }

        old?.Dispose();
    }
}
