using System.Buffers.Binary;
using System.Net;

namespace EbpfActors.Probes;

/// <summary>
/// An IPv4 or IPv6 address as 16 bytes in network order; IPv4 is kept in its mapped form (::ffff:a.b.c.d), so that
/// a dual-stack socket and an IPv4 socket to the same peer compare equal.
/// </summary>
public readonly record struct IpAddress(ulong High, ulong Low)
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>True for IPv4 and IPv4-mapped addresses.</summary>
    public bool IsIPv4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>The address as a number in host order; meaningful only when <see cref="IsIPv4"/>.</summary>
    public uint IPv4 => (uint)Low;

    /// <summary>True for 0.0.0.0, its mapped form and ::.</summary>
    public bool IsUnspecified => High == 0 && (Low == 0 || Low == MappedPrefix);

    /// <summary>127.0.0.0/8 (mapped or not) and ::1.</summary>
    public bool IsLoopback => IsIPv4 ? IPv4 >> 24 == 127 : High == 0 && Low == 1;

    /// <summary>Reads 16 bytes in network order.</summary>
    public static IpAddress Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes 16 bytes in network order.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    /// <summary>An IPv4 address given as a number in host order.</summary>
    public static IpAddress FromIPv4(uint address) => new(0, MappedPrefix | address);

    public static IpAddress Parse(string text)
    {
        Span<byte> bytes = stackalloc byte[16];
        IPAddress.Parse(text).MapToIPv6().TryWriteBytes(bytes, out _);
        return Read(bytes);
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        Write(bytes);
        return (IsIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes)).ToString();
    }
}
