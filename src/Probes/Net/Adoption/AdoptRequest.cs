using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net.Adoption;

/// <summary>A socket that was found, and who has it open, byte for byte <c>struct adopt_request</c> of bpf/net/flow_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AdoptRequest
{
    internal EtherHeader Ether;
    internal byte Family;
    internal byte Protocol;
    internal Bytes16 Laddr;
    internal Bytes16 Raddr;
    internal ushort Lport;
    internal ushort Rport;
    internal uint Tgid;
    internal Bytes16 Comm;
}

/// <summary>Room that the kernel takes for the link-layer header of a packet.</summary>
[InlineArray(14)]
internal struct EtherHeader
{
    private byte _first;
}
