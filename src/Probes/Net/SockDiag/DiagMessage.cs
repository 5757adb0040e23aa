using System.Buffers.Binary;

namespace EbpfActors.Probes.Net.SockDiag;

/// <summary>What one message of sock_diag is.</summary>
internal enum DiagNews
{
    /// <summary>Not understood.</summary>
    Other,
    Socket,

    /// <summary>A dump is over.</summary>
    Done,

    /// <summary>The kernel refused a request; <see cref="DiagMessage.Error"/> is the errno.</summary>
    Refused,
}

/// <summary>
/// One message of NETLINK_SOCK_DIAG (uapi linux/inet_diag.h): the answer to a dump, or the news that a socket was destroyed. Headers
/// are in host order, addresses and ports in network order.
/// </summary>
internal readonly record struct DiagMessage(DiagNews News, DiagSocket Socket, int Error)
{
    private const int HeaderBytes = 16;
    private const int SocketBytes = 72;
    private const int ErrorType = 2;
    private const int DoneType = 3;
    private const int ByFamilyType = 20;
    private const int InfoAttribute = 2;
    private const byte IPv4 = 2;

    /// <summary>Takes one message off the front; false when there is no whole one left.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, out DiagMessage message)
    {
        message = default;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var length && (length < HeaderBytes || length > bytes.Length))
        {
            return false;
        }

        message = Read(BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]), bytes[HeaderBytes..(int)length]);
        bytes = bytes[Math.Min(((int)length + 3) & ~3, bytes.Length)..];
        return true;
    }

    private static DiagMessage Read(int type, ReadOnlySpan<byte> body) => type switch
    {
        ByFamilyType when body.Length >= SocketBytes => new(DiagNews.Socket, ReadSocket(body), 0),
        DoneType when body.Length >= 4 && BinaryPrimitives.ReadInt32LittleEndian(body) is < 0 and var error => new(DiagNews.Refused, default, -error),
        DoneType => new(DiagNews.Done, default, 0),
        ErrorType when body.Length >= 4 => new(DiagNews.Refused, default, -BinaryPrimitives.ReadInt32LittleEndian(body)),
        _ => default,
    };

    /// <summary>struct inet_diag_msg, and the attribute with struct tcp_info behind it.</summary>
    private static DiagSocket ReadSocket(ReadOnlySpan<byte> body)
    {
        var family = body[0];
        return new DiagSocket(
            Cookie: BinaryPrimitives.ReadUInt64LittleEndian(body[44..]),
            Source: ReadAddress(family, body[8..24]),
            Destination: ReadAddress(family, body[24..40]),
            SourcePort: BinaryPrimitives.ReadUInt16BigEndian(body[4..]),
            DestinationPort: BinaryPrimitives.ReadUInt16BigEndian(body[6..]),
            State: body[1],
            WriteQueue: BinaryPrimitives.ReadUInt32LittleEndian(body[60..]),
            Inode: BinaryPrimitives.ReadUInt32LittleEndian(body[68..]),
            Counters: FindInfo(body[SocketBytes..]));
    }

    private static IpAddress ReadAddress(byte family, ReadOnlySpan<byte> bytes) =>
        family == IPv4 ? IpAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes)) : IpAddress.Read(bytes);

    private static DiagCounters? FindInfo(ReadOnlySpan<byte> attributes)
    {
        while (attributes.Length >= 4 && BinaryPrimitives.ReadUInt16LittleEndian(attributes) is var length && length >= 4 && length <= attributes.Length)
        {
            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & 0x3fff) == InfoAttribute)
            {
                return DiagCounters.TryRead(attributes[4..length]);
            }

            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }

        return null;
    }
}
