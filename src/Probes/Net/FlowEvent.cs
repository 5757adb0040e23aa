using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net;

/// <summary>
/// One record of the net object, byte for byte <c>struct flow_event</c> of bpf/net/flow_wire.h: the counters of one TCP socket,
/// or of one UDP socket and peer, since it is tracked.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowEvent
{
    internal const byte ClosedFlag = 1;
    internal const byte UnansweredFlag = 2;

    internal ulong Id;
    internal ulong TxBytes;
    internal ulong RxBytes;
    internal Bytes16 Saddr;
    internal Bytes16 Daddr;
    internal Bytes16 NatAddr;
    internal uint Retransmits;
    internal uint RttUs;
    internal uint RttVarUs;
    internal uint Tgid;
    internal uint Netns;
    internal ushort Sport;
    internal ushort Dport;
    internal ushort NatPort;
    internal byte Transport;
    internal byte Direction;
    internal byte Flags;
    internal byte OwnerRank;
    internal Bytes16 Comm;
    internal ushort Pad;

    /// <summary>When a flow with this id began, in nanoseconds of CLOCK_MONOTONIC: the id holds all but their top ten bits.</summary>
    internal static ulong BornNs(ulong id, ulong nowNs)
    {
        const int Lost = 10;
        const ulong Kept = ulong.MaxValue >> Lost;
        var born = (nowNs & ~Kept) | (id >> Lost);
        return born <= nowNs || born <= Kept ? born : born - Kept - 1;
    }

    internal readonly bool IsClosed => (Flags & ClosedFlag) != 0;

    internal readonly bool IsUnanswered => (Flags & UnansweredFlag) != 0;

    /// <summary>False for bytes that are not a flow_event: wrong size, or a transport or direction that does not exist.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out FlowEvent record)
    {
        if (!MemoryMarshal.TryRead(bytes, out record) || bytes.Length < Unsafe.SizeOf<FlowEvent>())
        {
            return false;
        }

        return (Transport)record.Transport is Net.Transport.Tcp or Net.Transport.Udp && record.Direction <= (byte)Net.Direction.Incoming;
    }
}

/// <summary>Sixteen bytes inside a wire structure.</summary>
[InlineArray(16)]
internal struct Bytes16
{
    private byte _first;
}
