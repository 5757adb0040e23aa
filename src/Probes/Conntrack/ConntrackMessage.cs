using System.Buffers.Binary;
using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>What one netlink message says.</summary>
internal enum ConntrackNews
{
    /// <summary>Nothing for us: another protocol, no destination NAT, or not understood.</summary>
    Other,
    Known,
    Gone,

    /// <summary>A dump is over.</summary>
    Done,

    /// <summary>The kernel refused a request; <see cref="ConntrackMessage.Error"/> is the errno.</summary>
    Refused,
}

/// <summary>
/// One message of the kernel's connection tracking over netlink (nfnetlink_conntrack.h). Numbers are in host order except
/// inside attributes, where the network's order is used.
/// </summary>
internal readonly record struct ConntrackMessage(ConntrackNews News, NatTuple Original, NatTarget Target, int Error)
{
    private const int HeaderBytes = 16;
    private const int FamilyBytes = 4;
    private const int ErrorType = 2;
    private const int DoneType = 3;
    private const int NewType = 0x100;
    private const int DeleteType = 0x102;
    private const int TupleOriginal = 1;
    private const int TupleReply = 2;
    private const int TupleIp = 1;
    private const int TupleProtocol = 2;

    /// <summary>Takes one message off the front; false when there is no whole one left.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, out ConntrackMessage message)
    {
        message = default;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var length && (length < HeaderBytes || length > bytes.Length))
        {
            return false;
        }

        var type = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        message = Read(type, bytes[HeaderBytes..(int)length]);
        bytes = bytes[Math.Min(Align((int)length), bytes.Length)..];
        return true;
    }

    private static ConntrackMessage Read(int type, ReadOnlySpan<byte> body) => type switch
    {
        NewType => ReadEntry(ConntrackNews.Known, body),
        DeleteType => ReadEntry(ConntrackNews.Gone, body),
        DoneType => new(ConntrackNews.Done, default, default, 0),
        ErrorType when body.Length >= 4 => new(ConntrackNews.Refused, default, default, -BinaryPrimitives.ReadInt32LittleEndian(body)),
        _ => default,
    };

    private static ConntrackMessage ReadEntry(ConntrackNews news, ReadOnlySpan<byte> body)
    {
        NatTuple original = default, reply = default;
        var rest = body.Length >= FamilyBytes ? body[FamilyBytes..] : [];
        while (TryTakeAttribute(ref rest, out var kind, out var value))
        {
            if (kind == TupleOriginal)
            {
                original = ReadTuple(value);
            }
            else if (kind == TupleReply)
            {
                reply = ReadTuple(value);
            }
        }

        var isKnown = original.Transport is Transport.Tcp or Transport.Udp && reply.Transport == original.Transport;
        var isTranslated = isKnown && (reply.Source != original.Destination || reply.SourcePort != original.DestinationPort);
        return isTranslated ? new(news, original, new NatTarget(reply.Source, reply.SourcePort), 0) : default;
    }

    private static NatTuple ReadTuple(ReadOnlySpan<byte> bytes)
    {
        IpAddress source = default, destination = default;
        ushort sourcePort = 0, destinationPort = 0;
        Transport transport = default;
        while (TryTakeAttribute(ref bytes, out var kind, out var value))
        {
            while (TryTakeAttribute(ref value, out var inner, out var data))
            {
                switch (kind, inner, data.Length)
                {
                    case (TupleIp, 1, 4): source = IpAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(data)); break;
                    case (TupleIp, 2, 4): destination = IpAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(data)); break;
                    case (TupleIp, 3, 16): source = IpAddress.Read(data); break;
                    case (TupleIp, 4, 16): destination = IpAddress.Read(data); break;
                    case (TupleProtocol, 1, 1): transport = (Transport)data[0]; break;
                    case (TupleProtocol, 2, 2): sourcePort = BinaryPrimitives.ReadUInt16BigEndian(data); break;
                    case (TupleProtocol, 3, 2): destinationPort = BinaryPrimitives.ReadUInt16BigEndian(data); break;
                }
            }
        }

        return new NatTuple(source, destination, sourcePort, destinationPort, transport);
    }

    private static bool TryTakeAttribute(ref ReadOnlySpan<byte> bytes, out int kind, out ReadOnlySpan<byte> value)
    {
        kind = 0;
        value = default;
        if (bytes.Length < 4 || BinaryPrimitives.ReadUInt16LittleEndian(bytes) is var length && (length < 4 || length > bytes.Length))
        {
            return false;
        }

        kind = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) & 0x3fff; // the two high bits are flags
        value = bytes[4..length];
        bytes = bytes[Math.Min(Align(length), bytes.Length)..];
        return true;
    }

    private static int Align(int length) => (length + 3) & ~3;
}
