using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// Destination NAT by what the kernel itself says of each connection, before its packet goes on: a look-up after
/// <see cref="CatchUp"/> knows every connection that was seen before. A probe in the kernel is tried first, netlink then.
/// </summary>
public sealed class ConntrackProbe : IConntrackProbe
{
    private readonly ConntrackOptions _options;
    private readonly NatTable _table;

    /// <summary>Guards the table: news is read by whoever needs it first.</summary>
    private readonly Lock _gate = new();
    private INatRung _rung;
    private HookStatus[] _refused = [];

    public ConntrackProbe(ConntrackOptions options)
    {
        _options = options;
        _table = new NatTable(options.MaxConnections, options.Linger, TimeProvider.System);
        _rung = options.KernelProbe ? new KernelRung(options, _table, _gate) : new NetlinkRung(options, _table, _gate);
    }

    public IReadOnlyList<HookStatus> Hooks => [.. _rung.Hooks, .. _refused];

    public IReadOnlyList<HookStatus> Attach()
    {
        try
        {
            _rung.Attach();
        }
        catch (BpfException refusal) when (_rung is KernelRung)
        {
            _rung.Dispose();
            _refused = [new HookStatus("nat-kernel-probe", "", $"netlink is used instead, which costs more: {refusal.Reason}")];
            _rung = new NetlinkRung(_options, _table, _gate);
            _rung.Attach();
        }

        return Hooks;
    }

    public void Wait() => _rung.Wait();

    public void Wake() => _rung.Wake();

    public void Turn() => _rung.Turn();

    public void CatchUp() => _rung.CatchUp();

    public NatTarget Find(in FlowIdentity flow)
    {
        lock (_gate)
        {
            return _table.Count == 0 ? default : _table.Find(NatTuple.Of(flow), flow.NetNamespace);
        }
    }

    public ProbeCounters Counters()
    {
        lock (_gate)
        {
            var losses = new List<ProbeLoss>();
            Add(losses, "nat-events-overrun", _rung.Overruns);
            Add(losses, "nat-table-full", _table.Refused);
            Add(losses, "nat-ambiguous", _table.Ambiguous);
            return new ProbeCounters(_rung.News, losses, [new TableFill("translated connections", _table.Count, _table.Capacity)]);
        }
    }

    public void Dispose() => _rung.Dispose();

    private static void Add(List<ProbeLoss> losses, string reason, long count)
    {
        if (count > 0)
        {
            losses.Add(new ProbeLoss(reason, count, 0));
        }
    }
}
