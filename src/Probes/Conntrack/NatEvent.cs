using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>One record of the conntrack object, byte for byte <c>struct nat_event</c> of bpf/conntrack/nat_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NatEvent
{
    internal const byte Known = 1;

    internal ulong AtNs;
    internal Bytes16 Saddr;
    internal Bytes16 Daddr;
    internal Bytes16 Target;
    internal uint Netns;
    internal ushort Sport;
    internal ushort Dport;
    internal ushort TargetPort;
    internal byte Transport;
    internal byte News;
    internal uint Pad;

    internal readonly NatTuple Tuple =>
        new(IpAddress.Read(Saddr), IpAddress.Read(Daddr), Sport, Dport, (Transport)Transport);

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out NatEvent news) =>
        MemoryMarshal.TryRead(bytes, out news) && bytes.Length >= Unsafe.SizeOf<NatEvent>();
}
