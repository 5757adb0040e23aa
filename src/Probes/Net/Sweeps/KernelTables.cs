using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net.Sweeps;

/// <summary>One tracked TCP connection, byte for byte <c>struct tcp_conn</c> of bpf/net/flow.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcpConn
{
    internal ulong Id;
    internal ulong BaseTx;
    internal ulong BaseRx;
    internal ulong SweptSequence;
    internal ulong SweptReceived;
    internal uint BaseRetransmits;
    internal uint SweptRetransmits;
    internal Bytes16 Saddr;
    internal Bytes16 Daddr;
    internal Bytes16 NatAddr;
    internal ushort NatPort;
    internal ushort Sport;
    internal ushort Dport;
    internal uint Netns;
    internal byte Direction;
    internal byte Established;
    internal byte Reported;
    internal byte Adopted;
    internal ushort HttpAsked;
    internal ushort HttpTold;
    internal uint SweptIn;
    internal FlowOwner Owner;
}

/// <summary>Byte for byte <c>struct owner</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowOwner
{
    internal uint Tgid;
    internal byte Rank;
    internal byte Pad;
    internal byte Pad1;
    internal byte Pad2;
    internal Bytes16 Comm;
}

/// <summary>Byte for byte <c>struct flow_ends</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowEnds
{
    internal Bytes16 Laddr;
    internal Bytes16 Raddr;
    internal ushort Lport;
    internal ushort Rport;
}

/// <summary>Byte for byte <c>struct udp_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UdpKey
{
    internal ulong Sk;
    internal FlowEnds Ends;
    internal uint LeavesTranslated;
}

/// <summary>What one UDP socket exchanged with one peer, byte for byte <c>struct udp_flow</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UdpFlow
{
    internal ulong Id;
    internal ulong TxBytes;
    internal ulong RxBytes;
    internal ulong ReportedTx;
    internal ulong ReportedRx;
    internal ulong ChangedNs;
    internal FlowEnds BeforeNat;
    internal uint Netns;
    internal byte Direction;
    internal byte Reported;
    internal byte Translated;
    internal byte Pad;
    internal uint SweptIn;
    internal FlowOwner Owner;
}
