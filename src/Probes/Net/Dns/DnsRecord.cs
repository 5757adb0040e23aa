using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>What a record says about its bytes: <c>enum dns_flags</c> of bpf/net/dns_wire.h.</summary>
[Flags]
internal enum DnsFlags : byte
{
    None = 0,
    Sent = 1,
    Begin = 2,
    End = 4,
}

/// <summary>The head of one record of the net object, byte for byte <c>struct dns_record</c> of bpf/net/dns_wire.h; its bytes follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DnsRecord
{
    internal ulong AtNs;
    internal Bytes16 Saddr;
    internal Bytes16 Daddr;
    internal uint Netns;
    internal uint Tgid;
    internal uint Seq;
    internal uint Length;
    internal ushort Sport;
    internal ushort Dport;
    internal ushort Captured;
    internal byte Transport;
    internal DnsFlags Flags;

    internal readonly bool IsSent => (Flags & DnsFlags.Sent) != 0;

    /// <summary>The datagram had more bytes than the record could hold.</summary>
    internal readonly bool IsCut => Captured < Length;

    /// <summary>False for bytes that are not a dns_record with as many bytes behind it as it says.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out DnsRecord record, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (!MemoryMarshal.TryRead(bytes, out record) || bytes.Length - Unsafe.SizeOf<DnsRecord>() < record.Captured)
        {
            return false;
        }

        payload = bytes.Slice(Unsafe.SizeOf<DnsRecord>(), record.Captured);
        return (Transport)record.Transport is Net.Transport.Tcp or Net.Transport.Udp;
    }
}

/// <summary>Which ports carry DNS, byte for byte <c>struct dns_ports</c> of bpf/net/dns_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DnsPorts
{
    internal const int Most = 8;

    internal ulong Mask;
    internal EightPorts Ports;

    internal static DnsPorts Of(IReadOnlyCollection<ushort> ports)
    {
        var wire = new DnsPorts();
        foreach (var (index, port) in ports.Take(Most).Index())
        {
            wire.Mask |= 1UL << (port % 64);
            wire.Ports[index] = port;
        }

        return wire;
    }
}

/// <summary>Eight ports inside a wire structure.</summary>
[InlineArray(DnsPorts.Most)]
internal struct EightPorts
{
    private ushort _first;
}
