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

    /// <summary>Payload bytes sent, once each, whatever was retransmitted; 0 without counters.</summary>
    public ulong Sent => Counters is { } c ? c.BytesSent - Math.Min(c.BytesRetransmitted, c.BytesSent) : 0;

    /// <summary>Payload bytes received in order. Which of a destroyed socket's bytes was the peer's FIN is not known here.</summary>
    public ulong Received => Counters is { } c ? c.BytesReceived - (TcpStates.HasPeerFin(State) && c.BytesReceived > 0 ? 1u : 0u) : 0;

    /// <summary>
    /// Of a destroyed socket whose listener is not known: whether it was accepted rather than connected. One that connected has
    /// its SYN among the acknowledged numbers, one that was accepted has not; both have their FIN, unless they were reset. Where that
    /// does not decide, the side with the lower port is the server.
    /// </summary>
    public bool SeemsAccepted => (Counters.GetValueOrDefault().BytesAcked - Sent) switch
    {
        2 => false,
        1 => SourcePort < DestinationPort || DestinationPort >= FirstEphemeralPort,
        _ => SourcePort < DestinationPort,
    };

    /// <summary>Sequence numbers used, without the FIN's: what the BPF programs count, SYN included.</summary>
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
