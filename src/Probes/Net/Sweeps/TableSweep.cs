using System.Runtime.InteropServices;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Net.SockDiag;

namespace EbpfActors.Probes.Net.Sweeps;

/// <summary>
/// Sweeps without a program: reads both tables in batches (Linux 5.6), and the counters of TCP sockets by sock_diag. UDP's counters are
/// in the table itself. The last rung of <c>sweep</c>.
/// </summary>
internal sealed class TableSweep : IFlowSweep
{
    private readonly BpfTable<ulong, TcpConn> _connections;
    private readonly BpfTable<UdpKey, UdpFlow> _flows;
    private readonly DiagNamespaces _namespaces;
    private readonly ulong _idleNs;
    private readonly Dictionary<Tuple, DiagSocket> _sockets = [];
    private readonly Dictionary<ulong, Change> _changes = [];
    private uint _sweep;

    public TableSweep(BpfObject net, NetProbeOptions options)
    {
        _connections = new BpfTable<ulong, TcpConn>(net.Map("tcp_conns"));
        _flows = new BpfTable<UdpKey, UdpFlow>(net.Map("udp_flows"));
        _idleNs = (ulong)options.UdpIdleTimeout.TotalNanoseconds;
        _namespaces = new DiagNamespaces(options.ProcRoot, options.HostRoot, receiveBytes: 0);
        try
        {
            _namespaces.Look(static (_, socket) => socket.Dump(1 << TcpStates.Listen, static (in _) => { }));
            _connections.Read(static (in _, in _) => { });
        }
        catch (BpfException)
        {
            _namespaces.Dispose();
            throw;
        }
    }

    public void Run(IFlowSweep.Consumer consume)
    {
        _sockets.Clear();
        _namespaces.Look(static (_, _) => { });
        foreach (var (netNs, socket) in _namespaces.Sockets)
        {
            socket.Dump(TcpStates.Connected, (in DiagSocket seen) =>
                _sockets.TryAdd(new Tuple(netNs, seen.Source, seen.SourcePort, seen.Destination, seen.DestinationPort), seen));
        }

        _connections.Read((in ulong _, in TcpConn connection) =>
        {
            if (connection.Established != 0 && _sockets.TryGetValue(TupleOf(connection), out var socket))
            {
                Tell(consume, EventOf(connection, socket));
            }
        });
        SweepUdp(consume);
    }

    public void Dispose() => _namespaces.Dispose();

    private static void Tell(IFlowSweep.Consumer consume, FlowEvent record) => consume(MemoryMarshal.AsBytes(new ReadOnlySpan<FlowEvent>(ref record)));

    private static Tuple TupleOf(in TcpConn c) => new(c.Netns, IpAddress.Read(c.Saddr), c.Sport, IpAddress.Read(c.Daddr), c.Dport);

    /// <summary>As <c>fill_event</c> of bpf/net/tcp_event.h does from the socket itself.</summary>
    private static FlowEvent EventOf(in TcpConn connection, in DiagSocket socket)
    {
        var counters = socket.Counters.GetValueOrDefault();
        return new FlowEvent
        {
            Id = connection.Id,
            TxBytes = socket.Sequence - connection.BaseTx,
            RxBytes = socket.Received - connection.BaseRx,
            Saddr = connection.Saddr,
            Daddr = connection.Daddr,
            NatAddr = connection.NatAddr,
            NatPort = connection.NatPort,
            Retransmits = counters.Retransmits - connection.BaseRetransmits,
            RttUs = counters.RttUs,
            RttVarUs = counters.RttUs == 0 ? 0 : counters.RttVarUs,
            Tgid = connection.Owner.Tgid,
            OwnerRank = connection.Owner.Rank,
            Comm = connection.Owner.Comm,
            Netns = connection.Netns,
            Sport = connection.Sport,
            Dport = connection.Dport,
            Transport = (byte)Transport.Tcp,
            Direction = connection.Direction,
        };
    }

    private void SweepUdp(IFlowSweep.Consumer consume)
    {
        _sweep++;
        var now = KernelClock.NowNs;
        var idle = new List<UdpKey>();
        _flows.Read((in UdpKey key, in UdpFlow flow) =>
        {
            ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, flow.Id, out var known);
            if (!known || last.Tx != flow.TxBytes || last.Rx != flow.RxBytes)
            {
                last = new Change(flow.TxBytes, flow.RxBytes, now, _sweep);
            }

            last.Sweep = _sweep;
            var record = EventOf(key, flow);
            if (now - last.AtNs >= _idleNs)
            {
                record.Flags = FlowEvent.ClosedFlag;
                idle.Add(key);
            }

            Tell(consume, record);
        });
        idle.ForEach(key => _flows.Remove(key));
        foreach (var gone in _changes.Where(c => c.Value.Sweep != _sweep).Select(c => c.Key).ToList())
        {
            _changes.Remove(gone);
        }
    }

    /// <summary>As <c>fill_udp_event</c> of bpf/net/flow.h.</summary>
    private static FlowEvent EventOf(in UdpKey key, in UdpFlow flow)
    {
        var ends = flow.Translated != 0 ? flow.BeforeNat : key.Ends;
        var record = new FlowEvent
        {
            Id = flow.Id,
            TxBytes = flow.TxBytes,
            RxBytes = flow.RxBytes,
            Saddr = ends.Laddr,
            Daddr = ends.Raddr,
            Sport = ends.Lport,
            Dport = ends.Rport,
            Netns = flow.Netns,
            Transport = (byte)Transport.Udp,
            Direction = flow.Direction,
            Tgid = flow.Owner.Tgid,
            OwnerRank = flow.Owner.Rank,
            Comm = flow.Owner.Comm,
        };
        if (flow.Translated != 0 && (ends.Rport != key.Ends.Rport || IpAddress.Read(ends.Raddr) != IpAddress.Read(key.Ends.Raddr)))
        {
            (record.NatAddr, record.NatPort) = (key.Ends.Raddr, key.Ends.Rport);
        }

        return record;
    }

    private readonly record struct Tuple(uint NetNs, IpAddress Source, ushort SourcePort, IpAddress Destination, ushort DestinationPort);

    /// <summary>A UDP flow's counters when they last changed, and the last sweep that saw it.</summary>
    private record struct Change(ulong Tx, ulong Rx, ulong AtNs, uint Sweep);
}
