using System.Runtime.InteropServices;
using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Net.SockDiag;

/// <summary>
/// TCP connections without any BPF program: the last rung of <c>tcp-state</c>. The kernel tells over netlink of each TCP socket that is
/// destroyed, with its last counters, and lists the open ones when asked, at each sweep. What is not known in this way: the owner of a
/// connection that lives between two sweeps (that of its listener stands for it), and whether the last byte received was the peer's FIN
/// or data: of a connection whose peer's FIN did not reach its socket, by a reset or because this end closed first, one byte may be missing. Not thread-safe.
/// </summary>
internal sealed class SockDiagFlows : IDisposable
{
    private const int ReceiveBytes = 8 * 1024 * 1024;
    private const int IdBits = 10;

    /// <summary>OWNER_LISTENER and OWNER_HOLDER of bpf/net/flow_wire.h.</summary>
    private const byte ListenerRank = 1;
    private const byte HolderRank = 2;

    private readonly DiagNamespaces _namespaces;
    private readonly SocketOwners _owners;
    private readonly int _maxConnections;
    private readonly Dictionary<ulong, Connection> _open = [];
    private readonly HashSet<ulong> _told = [];
    private readonly Dictionary<(uint NetNs, ushort Port), SocketOwner> _listeners = [];
    private readonly List<FlowEvent> _events = [];
    private ulong _lastId;
    private uint _sweep;
    private long _refused;
    private long _overruns;

    private SockDiagFlows(string procRoot, string hostRoot, int maxConnections)
    {
        _maxConnections = maxConnections;
        _owners = new SocketOwners(procRoot);
        _namespaces = new DiagNamespaces(procRoot, hostRoot, ReceiveBytes);
    }

    /// <summary>Connections that found no room in the table.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Times that the kernel had to drop news of destroyed sockets.</summary>
    public long Overruns => Volatile.Read(ref _overruns);

    /// <summary>Listens, and takes in what is open: older than the agent.</summary>
    /// <exception cref="BpfException">The kernel has no sock_diag for TCP, or does not let us use it.</exception>
    public static SockDiagFlows Attach(string procRoot, string hostRoot, int maxConnections)
    {
        var flows = new SockDiagFlows(procRoot, hostRoot, maxConnections);
        try
        {
            flows._owners.Walk();
            flows._namespaces.Look(flows.Adopt);
            return flows;
        }
        catch (BpfException)
        {
            flows.Dispose();
            throw;
        }
    }

    /// <summary>What was destroyed since the last call.</summary>
    public ReadOnlySpan<FlowEvent> Ended()
    {
        _events.Clear();
        foreach (var (netNs, socket) in _namespaces.Sockets)
        {
            TakeDestroyed(netNs, socket);
        }

        return CollectionsMarshal.AsSpan(_events);
    }

    /// <summary>What is open, and what has ended since the last call. Several milliseconds for a thousand sockets.</summary>
    public ReadOnlySpan<FlowEvent> Sweep()
    {
        _events.Clear();
        _sweep++;
        _owners.Walk();
        _listeners.Clear();
        foreach (var (netNs, socket) in _namespaces.Sockets)
        {
            ReadListeners(netNs, socket);
        }

        _namespaces.Look(ReadListeners);

        foreach (var (netNs, socket) in _namespaces.Sockets)
        {
            TakeDestroyed(netNs, socket);
            socket.Dump(TcpStates.Connected, (in DiagSocket seen) => TakeOpen(netNs, seen));
        }

        EndUnseen();
        return CollectionsMarshal.AsSpan(_events);
    }

    public void Dispose() => _namespaces.Dispose();

    private void Adopt(uint netNs, SockDiagSocket socket)
    {
        ReadListeners(netNs, socket);
        socket.Dump(TcpStates.Connected, (in DiagSocket seen) =>
        {
            if (Begin(netNs, seen, IsServer(netNs, seen)) is { } connection)
            {
                (connection.BaseSent, connection.BaseReceived) = (seen.Sent(connection.Connected), seen.Received);
                connection.BaseRetransmits = seen.Counters.GetValueOrDefault().Retransmits;
                connection.Update(seen, seen.Received);
                Own(connection, netNs, seen);
            }
        });
    }

    private void ReadListeners(uint netNs, SockDiagSocket socket) => socket.Dump(1 << TcpStates.Listen, (in DiagSocket seen) =>
        _listeners[(netNs, seen.SourcePort)] = _owners.Find(seen.Inode));

    private void TakeOpen(uint netNs, in DiagSocket seen)
    {
        if (_told.Contains(seen.Cookie) || (Known(seen.Cookie) ?? Begin(netNs, seen, IsServer(netNs, seen))) is not { } connection)
        {
            return;
        }

        connection.Sweep = _sweep;
        Own(connection, netNs, seen);
        connection.Update(seen, seen.Received);
        _events.Add(connection.Event);
    }

    private void TakeDestroyed(uint netNs, SockDiagSocket socket)
    {
        for (var isDone = false; !isDone;)
        {
            try
            {
                socket.Destroyed((in DiagSocket seen) => TakeDestroyed(netNs, seen));
                isDone = true;
            }
            catch (BpfException e) when (e.Errno == Errno.NoBuffers)
            {
                Volatile.Write(ref _overruns, _overruns + 1);
            }
        }
    }

    private void TakeDestroyed(uint netNs, in DiagSocket seen)
    {
        // Of one that listened, or never was connected, there is nothing to tell.
        if (_told.Remove(seen.Cookie) || seen.DestinationPort == 0 || seen.Counters is not { } counters
            || (Known(seen.Cookie) ?? BeginEnded(netNs, seen, counters)) is not { } connection)
        {
            return;
        }

        _open.Remove(seen.Cookie);

        // A FIN was received unless nothing came since the last time that the connection was seen.
        var fin = connection.Received < counters.BytesReceived && !connection.HadPeerFin ? 1u : 0u;
        connection.Update(seen, connection.HadPeerFin ? connection.Received : counters.BytesReceived - fin);
        connection.Event.Flags = FlowEvent.ClosedFlag;
        _events.Add(connection.Event);
    }

    /// <summary>One that began and ended between two sweeps. One that a client gave up before it was established has nothing acknowledged, not even its SYN.</summary>
    private Connection? BeginEnded(uint netNs, in DiagSocket seen, DiagCounters counters)
    {
        var isServer = _listeners.TryGetValue((netNs, seen.SourcePort), out var owner) || seen.SeemsAccepted;
        if ((!isServer && counters.BytesAcked == 0) || Begin(netNs, seen, isServer) is not { } connection)
        {
            return null;
        }

        connection.TrySetOwner(owner, ListenerRank);
        return connection;
    }

    /// <summary>Its listener may have gone since.</summary>
    private bool IsServer(uint netNs, in DiagSocket seen) => _listeners.ContainsKey((netNs, seen.SourcePort)) || seen.SeemsAccepted;

    private Connection? Known(ulong cookie) => _open.GetValueOrDefault(cookie);

    private Connection? Begin(uint netNs, in DiagSocket seen, bool isServer)
    {
        if (_open.Count >= _maxConnections)
        {
            Volatile.Write(ref _refused, _refused + 1);
            return null;
        }

        var connection = new Connection(NewId(), netNs, seen, isServer ? Direction.Incoming : Direction.Outgoing) { Sweep = _sweep };
        _open.Add(seen.Cookie, connection);
        return connection;
    }

    private void Own(Connection connection, uint netNs, in DiagSocket seen)
    {
        if (connection.Event.OwnerRank == HolderRank || (seen.Inode != 0 && connection.TrySetOwner(_owners.Find(seen.Inode), HolderRank)))
        {
            return;
        }

        if (_listeners.TryGetValue((netNs, seen.SourcePort), out var listener))
        {
            connection.TrySetOwner(listener, ListenerRank);
        }
    }

    /// <summary>
    /// What neither was listed nor destroyed for two sweeps: closed, but a process still has its socket open, or the news was lost, or
    /// its network namespace has gone.
    /// </summary>
    private void EndUnseen()
    {
        foreach (var (cookie, connection) in _open.Where(c => _sweep - c.Value.Sweep >= 2).ToList())
        {
            _open.Remove(cookie);
            if (_told.Count >= _maxConnections)
            {
                _told.Clear();
            }

            _told.Add(cookie);
            connection.Event.Flags = FlowEvent.ClosedFlag;
            _events.Add(connection.Event);
        }
    }

    /// <summary>As the BPF programs make them: the time, and a few bits that make it unique.</summary>
    private ulong NewId() => _lastId = Math.Max(_lastId + 1, KernelClock.NowNs << IdBits);

    private sealed class Connection
    {
        public FlowEvent Event;

        public Connection(ulong id, uint netNs, in DiagSocket socket, Direction direction)
        {
            Event = new FlowEvent
            {
                Id = id,
                Netns = netNs,
                Sport = socket.SourcePort,
                Dport = socket.DestinationPort,
                Transport = (byte)Transport.Tcp,
                Direction = (byte)direction,
            };
            socket.Source.Write(Event.Saddr);
            socket.Destination.Write(Event.Daddr);
        }

        /// <summary>This end sent the SYN.</summary>
        public bool Connected => Event.Direction == (byte)Direction.Outgoing;

        public ulong BaseSent { get; set; }

        public ulong BaseReceived { get; set; }

        public uint BaseRetransmits { get; set; }

        /// <summary>The last sweep that saw it.</summary>
        public uint Sweep { get; set; }

        /// <summary>Payload bytes received when it was last seen, whole.</summary>
        public ulong Received { get; private set; }

        public bool HadPeerFin { get; private set; }

        public void Update(in DiagSocket seen, ulong received)
        {
            Received = received;
            HadPeerFin |= TcpStates.HasPeerFin(seen.State);
            var counters = seen.Counters.GetValueOrDefault();
            var sent = seen.Sent(Connected);
            Event.TxBytes = sent - Math.Min(BaseSent, sent);
            Event.RxBytes = received - Math.Min(BaseReceived, received);
            Event.Retransmits = counters.Retransmits - Math.Min(BaseRetransmits, counters.Retransmits);
            (Event.RttUs, Event.RttVarUs) = (counters.RttUs, counters.RttVarUs);
        }

        public bool TrySetOwner(in SocketOwner owner, byte rank)
        {
            if (owner.Pid == 0)
            {
                return false;
            }

            Event.Tgid = owner.Pid;
            Event.OwnerRank = rank;
            Event.Comm = default;
            owner.Name.AsSpan().CopyTo(Event.Comm);
            return true;
        }
    }
}
