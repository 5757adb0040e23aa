using System.Runtime.InteropServices;
using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>Whose connection a TLS session is: <c>struct tls_join</c> of bpf/tls/tls_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TlsJoin
{
    internal ulong Session;
    internal ulong Conn;
    internal Bytes16 Saddr;
    internal Bytes16 Daddr;
    internal uint Tgid;
    internal uint Netns;
    internal ushort Sport;
    internal ushort Dport;
    internal byte Direction;
    internal byte Source;
    internal ushort Pad;
    internal Bytes16 Comm;
}

/// <summary>A TLS session's object was freed: <c>struct tls_end</c> of bpf/tls/tls_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TlsEnd
{
    internal ulong Session;
    internal ulong Written;
    internal ulong Read;
}

/// <summary>What the tls object counts: <c>enum tls_count</c>, in its order.</summary>
internal enum TlsCount
{
    Sessions,
    SessionsFreed,
    JoinedNested,
    JoinedDescriptor,
    JoinedFingerprint,
    JoinChanged,
    Http2,
    CallsFull,
    CallsNested,
}
