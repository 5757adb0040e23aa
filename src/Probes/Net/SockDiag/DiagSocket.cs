using System.Buffers.Binary;

namespace EbpfActors.Probes.Net.SockDiag;

/// <summary>A TCP socket as sock_diag tells of it.</summary>
/// <param name="Cookie">Unique on the host since it was started.</param>
/// <param name="Source">Of this host.</param>
/// <param name="Destination">The peer's.</param>
/// <param name="SourcePort">In host order.</param>
/// <param name="DestinationPort">In host order; 0 for one that listens.</param>
/// <param name="State">See <see cref="TcpStates"/>; closed for one that was destroyed.</param>
/// <param name="WriteQueue">Bytes that were written and are not acknowledged.</param>
/// <param name="Inode">As in the names of /proc/PID/fd; 0 when no process has it open.</param>
/// <param name="Counters">Null when the kernel gave none.</param>
internal readonly record struct DiagSocket(
    ulong Cookie,
    IpAddress Source,
    IpAddress Destination,
    ushort SourcePort,
    ushort DestinationPort,
    byte State,
    uint WriteQueue,
    uint Inode,
    DiagCounters? Counters)
{
    private const int FirstEphemeralPort = 32768; // net.ipv4.ip_local_port_range

    /// <summary>Payload bytes received in order. Which of a destroyed socket's bytes was the peer's FIN is not known here.</summary>
    public ulong Received => Counters is { } c ? c.BytesReceived - (TcpStates.HasPeerFin(State) && c.BytesReceived > 0 ? 1u : 0u) : 0;

    /// <summary>
    /// Whether this end connected rather than accepted: then its SYN is among the acknowledged numbers. Null where that does not tell.
    /// </summary>
    public bool? Connected => (NotPayload, IsDestroyed) switch
    {
        (0, _) => false,
        (1, false) or (2, true) => true,
        _ => null,
    };

    /// <summary>Of one whose listener is not known: whether it was accepted. Where nothing else tells, the side with the lower port is the server.</summary>
    public bool SeemsAccepted => Connected is { } connected
        ? !connected
        : SourcePort < DestinationPort || (NotPayload == 1 && DestinationPort >= FirstEphemeralPort);

    /// <summary>
    /// Sequence numbers used: what the BPF programs count, SYN included. Without the FIN's, but for a destroyed socket, of which it is not
    /// known here whether it sent one.
    /// </summary>
    public ulong Sequence
    {
        get
        {
            var counters = Counters.GetValueOrDefault();
            var inFlight = WriteQueue - Math.Min(counters.NotSent, WriteQueue);
            var fin = TcpStates.HasFin(State) && counters.NotSent == 0 ? 1u : 0u;
            var used = counters.BytesAcked + inFlight;
            return used - Math.Min(fin, used);
        }
    }

    private bool IsDestroyed => State == TcpStates.Close;

    /// <summary>
    /// Sequence numbers that were no payload, SYN and of a destroyed socket FIN, by the kernel's other account of what it sent. Null where
    /// that account is off: it counts again what a queue of this host refused.
    /// </summary>
    private ulong? NotPayload => Counters is { } c && Sequence - (c.BytesSent - c.BytesRetransmitted) is <= 2 and var numbers ? numbers : null;

    /// <summary>Payload bytes sent, once each, whatever was sent again; 0 without counters.</summary>
    /// <param name="connected">This end sent the SYN.</param>
    public ulong Sent(bool connected)
    {
        var syn = connected ? 1u : 0u;
        var fin = !IsDestroyed ? 0
            : NotPayload is { } numbers ? numbers - Math.Min(syn, numbers)
            : Counters is { NotSent: 0 } ? 1u : 0u;
        return Sequence - Math.Min(Sequence, syn + Math.Min(fin, 1));
    }
}

/// <summary>The part of <c>struct tcp_info</c> (uapi linux/tcp.h) that becomes numbers; times in microseconds.</summary>
internal readonly record struct DiagCounters(
    uint RttUs,
    uint RttVarUs,
    uint Retransmits,
    ulong BytesAcked,
    ulong BytesReceived,
    uint NotSent,
    ulong BytesSent,
    ulong BytesRetransmitted)
{
    /// <summary>Up to tcpi_bytes_retrans, which Linux 4.19 brought.</summary>
    private const int Bytes = 216;

    /// <summary>Null when the structure is shorter than those fields.</summary>
    public static DiagCounters? TryRead(ReadOnlySpan<byte> info) => info.Length < Bytes
        ? null
        : new(
            RttUs: BinaryPrimitives.ReadUInt32LittleEndian(info[68..]),
            RttVarUs: BinaryPrimitives.ReadUInt32LittleEndian(info[72..]),
            Retransmits: BinaryPrimitives.ReadUInt32LittleEndian(info[100..]),
            BytesAcked: BinaryPrimitives.ReadUInt64LittleEndian(info[120..]),
            BytesReceived: BinaryPrimitives.ReadUInt64LittleEndian(info[128..]),
            NotSent: BinaryPrimitives.ReadUInt32LittleEndian(info[144..]),
            BytesSent: BinaryPrimitives.ReadUInt64LittleEndian(info[200..]),
            BytesRetransmitted: BinaryPrimitives.ReadUInt64LittleEndian(info[208..]));
}
