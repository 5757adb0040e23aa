using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net.Adoption;
using EbpfActors.Probes.Net.SockDiag;
using EbpfActors.Probes.Net.Sweeps;

namespace EbpfActors.Probes.Net;

/// <summary>
/// The BPF object <c>net</c> on the best rung of each hook that this kernel takes, at the load and when it is attached. Belongs to
/// the probe's thread; disposing it detaches every program.
/// </summary>
internal sealed class NetPrograms : IDisposable
{
    private static readonly string[] SizedMaps = ["tcp_conns", "udp_flows", "udp_socks"];

    private readonly NetProbeOptions _options;
    private readonly Func<BpfObject> _open;
    private readonly Ladder _state;
    private readonly Ladder _sweep;
    private readonly Ladder _adopt;
    private readonly Ladder _packets;
    private readonly ProgramLadder[] _ladders;
    private readonly List<IDisposable> _links = [];

    public NetPrograms(NetProbeOptions options, Func<BpfObject> open)
    {
        _options = options;
        _open = open;
        _state = new Ladder(NetHooks.TcpState, options.Without);
        _sweep = new Ladder(NetHooks.Sweep, options.Without);
        _adopt = new Ladder(NetHooks.Adopt, options.Without);
        _packets = new Ladder(options.Http ? NetHooks.Packets : WithoutHttp(NetHooks.Packets), options.Without);
        _ladders =
        [
            new(_sweep, ("syscall", ["tcp_sweep_call", "udp_sweep_call"]), ("iter", ["tcp_sweep", "udp_sweep"]), ("raw_tp", ["tcp_sweep_raw", "udp_sweep_raw"])),
            new(_adopt, ("iter", ["flow_adopt"]), ("sock_diag", ["flow_adopt_found"])),
            new(_state, ("tp_btf", ["tcp_on_state"]), ("raw_tp", ["tcp_on_state_raw"]), ("sock_ops", ["tcp_on_ops"])),
            new(new Ladder(NetHooks.UdpRefused, options.Without), ("tp_btf", ["udp_on_refused"])),
            new(new Ladder(NetHooks.TcpAccept, options.Without), ("cgroup", ["tcp_on_accept4", "tcp_on_accept6"])),
            new(new Ladder(NetHooks.UdpBind, options.Without), ("cgroup", ["udp_on_bind4", "udp_on_bind6"])),
            new(new Ladder(NetHooks.SocketRelease, options.Without), ("cgroup", ["sock_on_release"])),
            options.Http
                ? new(_packets, ("cgroup_skb_http", ["net_on_ingress", "net_on_egress"]), ("cgroup_skb", ["udp_on_ingress", "udp_on_egress"]))
                : new(_packets, ("cgroup_skb", ["udp_on_ingress", "udp_on_egress"])),
        ];
    }

    /// <summary>Null when this kernel gives us not even its maps: then there is only what netlink tells.</summary>
    public BpfObject? Object { get; private set; }

    /// <summary>Null when every rung was refused.</summary>
    public IFlowSweep? Sweep { get; private set; }

    /// <summary>Null when every rung was refused.</summary>
    public IAdoption? Adoption { get; private set; }

    /// <summary>HTTP heads are read from packets.</summary>
    public bool HasHttp => _packets.IsOn("cgroup_skb_http");

    /// <summary>Some connections end without a hook that tells so.</summary>
    public bool EndsUnseen => _state.IsOn("sock_ops");

    /// <summary>TCP connections are kept in the kernel's table.</summary>
    public bool TracksTcp => _state.Rung is not null && !_state.IsOn("sock_diag");

    /// <summary>TCP connections are followed in user space.</summary>
    public SockDiagFlows? Diag { get; private set; }

    /// <summary>One for each hook.</summary>
    public IReadOnlyList<HookStatus> Status() => [.. _ladders.Select(l => l.Ladder.Status())];

    /// <param name="cgroup">The root of cgroup2; null when it cannot be had.</param>
    /// <param name="refusal">Why it cannot.</param>
    public void Attach(SafeHandle? cgroup, BpfException? refusal)
    {
        do
        {
            Detach();
            if (!TracksTcp)
            {
                _packets.Refuse("cgroup_skb_http", "connections are not tracked");
            }

            Object = TryLoad();
        }
        while (!Array.TrueForAll(_ladders, ladder => TryAttach(ladder, cgroup, refusal)));

        AttachBelow(_state, () => Diag = SockDiagFlows.Attach(_options.ProcRoot, _options.HostRoot, _options.MaxConnections));
        AttachBelow(_sweep, () => Sweep = new TableSweep(Object ?? throw new BpfException("read the tables", Errno.NoEntry), _options));
    }

    /// <summary>The adoption that was attached does not run.</summary>
    public void RefuseAdoption(BpfException refusal)
    {
        _adopt.RefuseAll(refusal.Reason);
        Adoption = null; // its link goes with the others
    }

    public void Dispose() => Detach();

    private BpfObject? TryLoad()
    {
        try
        {
            return LadderLoad.Load(Open, _ladders);
        }
        catch (BpfException e)
        {
            foreach (var ladder in _ladders)
            {
                while (ladder.Wanted.Count > 0)
                {
                    ladder.Ladder.Refuse(e.Reason);
                }
            }

            return null;
        }
    }

    private static Hook WithoutHttp(Hook packets) => packets with { Rungs = [packets["cgroup_skb"] with { Cost = "" }] };

    private BpfObject Open()
    {
        var net = _open();
        foreach (var map in SizedMaps)
        {
            net.SetMaxEntries(map, _options.MaxConnections);
        }

        net.SetMaxEntries("flow_events", _options.RingBytes);
        net.SetMaxEntries("dns_events", _options.RingBytes);
        if (!_state.IsOn("tp_btf"))
        {
            net.SetConstant(".rodata.choices", 0); // storage_seen_at_end
        }

        return net;
    }

    /// <summary>The rungs below BPF come last. A kernel without them leaves the hook without any.</summary>
    private void AttachBelow(Ladder ladder, Func<IDisposable> attach)
    {
        if (!ladder.IsOn("sock_diag"))
        {
            return;
        }

        try
        {
            _links.Add(attach());
        }
        catch (BpfException e)
        {
            ladder.Refuse(e.Reason);
        }
    }

    /// <summary>False when the hook's next rung needs other programs than those that are loaded.</summary>
    private bool TryAttach(ProgramLadder ladder, SafeHandle? cgroup, BpfException? refusal)
    {
        if (Object is not { } net || ladder.Ladder.Rung is not { } rung || ladder.Wanted.Count == 0)
        {
            return true;
        }

        var first = _links.Count;
        try
        {
            foreach (var link in Links(net, ladder, rung, cgroup, refusal))
            {
                _links.Add(link);
            }

            return true;
        }
        catch (BpfException e)
        {
            for (; _links.Count > first; _links.RemoveAt(first))
            {
                _links[first].Dispose();
            }

            ladder.Ladder.Refuse(e.Reason);
            return ladder.Wanted.Count == 0;
        }
    }

    private IEnumerable<IDisposable> Links(BpfObject net, ProgramLadder ladder, Rung rung, SafeHandle? cgroup, BpfException? refusal)
    {
        if (ladder.Ladder == _sweep)
        {
            return [Sweep = rung.Name == "iter" ? new IteratorSweep(net) : new ProgramSweep(net, [.. ladder.Wanted])];
        }

        if (ladder.Ladder == _adopt)
        {
            return [Adoption = rung.Name == "iter" ? new FileAdoption(net) : new DiagAdoption(net, _options.ProcRoot, _options.HostRoot)];
        }

        return rung.Name is "tp_btf" or "raw_tp"
            ? ladder.Wanted.Select(net.Attach)
            : ladder.Wanted.Select(program => net.AttachCgroup(program, cgroup ?? throw refusal!));
    }

    private void Detach()
    {
        for (var i = _links.Count - 1; i >= 0; i--)
        {
            _links[i].Dispose();
        }

        _links.Clear();
        Sweep = null;
        Adoption = null;
        Diag = null;
        Object?.Dispose();
    }
}
