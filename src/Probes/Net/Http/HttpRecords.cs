using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net.Http;

/// <summary>Bits of <c>enum http_record_flags</c> in bpf/net/http_wire.h.</summary>
[Flags]
internal enum HttpFlags : byte
{
    Complete = 1,
    RequestOver = 2,
    Adopted = 4,
    Tls = 8,
}

/// <summary>A piece of a request's start line: <c>struct http_line</c> of bpf/net/http_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HttpLine
{
    internal ulong Conn;
    internal ulong BegunNs;
    internal ulong Pos;
    internal uint Message;
    internal uint Offset;
    internal ushort Length;
    internal HttpFlags Flags;
    internal Bytes5 Pad;
    internal Bytes128 Bytes;
}

/// <summary>The head of a final response: <c>struct http_head</c> of bpf/net/http_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HttpHead
{
    internal ulong Conn;
    internal ulong BegunNs;
    internal ulong Pos;
    internal ulong End;
    internal ulong RequestPos;
    internal Bytes16 Saddr;
    internal Bytes16 Daddr;
    internal uint Message;
    internal uint Tgid;
    internal uint Netns;
    internal ushort Sport;
    internal ushort Dport;
    internal ushort Status;
    internal byte Minor;
    internal byte Direction;
    internal HttpFlags Flags;
    internal Bytes3 Pad;
    internal Bytes16 Comm;
}

/// <summary>The end of a response: <c>struct http_end</c> of bpf/net/http_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HttpEnd
{
    internal ulong Conn;
    internal ulong End;
    internal ulong RequestPos;
    internal uint Message;
    internal HttpFlags Flags;
    internal Bytes3 Pad;
}

/// <summary>
/// The head of a final response and the request that it answers: <c>struct http_exchange</c> of bpf/net/http_wire.h. The
/// request's start line follows, in room for <see cref="ShortLine"/> or <see cref="LongLine"/> bytes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HttpExchangeRecord
{
    internal const int ShortLine = 48;
    internal const int LongLine = 128;

    internal HttpHead Head;
    internal ulong RequestNs;
    internal ulong RequestFrom;
    internal ushort Length;
    internal HttpFlags Flags;
    internal Bytes5 Pad;

    /// <summary>True for the size of a record with its line.</summary>
    internal static bool IsSize(int bytes) => bytes - Unsafe.SizeOf<HttpExchangeRecord>() is ShortLine or LongLine;
}

/// <summary>Three bytes inside a wire structure.</summary>
[InlineArray(3)]
internal struct Bytes3
{
    private byte _first;
}

/// <summary>Five bytes inside a wire structure.</summary>
[InlineArray(5)]
internal struct Bytes5
{
    private byte _first;
}

/// <summary>A hundred and twenty-eight bytes inside a wire structure.</summary>
[InlineArray(128)]
internal struct Bytes128
{
    private byte _first;
}
