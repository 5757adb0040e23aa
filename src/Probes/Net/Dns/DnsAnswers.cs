using System.Buffers.Binary;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>An address that an answer gives to the name that was asked, for so many seconds.</summary>
internal readonly record struct DnsAddress(IpAddress Address, uint Seconds);

/// <summary>
/// Reads the records of a response: its full response code, and the addresses that lead from the name that was asked, through
/// aliases, to A and AAAA. Records about other names are passed over, however many there are.
/// </summary>
internal static class DnsAnswers
{
    /// <summary>Addresses of one message at most.</summary>
    internal const int MostAddresses = 64;

    /// <summary>Records that are looked at for the sake of addresses.</summary>
    private const int MostRecords = 256;

    private const int MostAliases = 16;
    private const ushort TypeA = 1;
    private const ushort TypeCname = 5;
    private const ushort TypeAaaa = 28;
    private const ushort TypeOpt = 41;
    private const ushort ClassInternet = 1;

    private readonly record struct Record(int NameAt, int DataAt, ushort Type, ushort DataLength, uint Seconds);

    /// <param name="message">The response.</param>
    /// <param name="addresses">Room for <see cref="MostAddresses"/>.</param>
    /// <param name="count">How many were found; 0 when the message is malformed.</param>
    /// <param name="rcode">With what is known of EDNS's bits, also when the message is malformed.</param>
    internal static DnsFault Read(in DnsMessage message, Span<DnsAddress> addresses, out int count, out int rcode)
    {
        Span<Record> records = stackalloc Record[Math.Min(MostRecords, message.Answers)];
        count = 0;
        var fault = Walk(message, ref records, out rcode);
        if (fault == DnsFault.None && rcode == 0 && records.Length > 0 && message.QueryType is TypeA or TypeAaaa or 255)
        {
            fault = Resolve(message, records, addresses, ref count);
        }

        count = fault == DnsFault.None ? count : 0;
        return fault;
    }

    /// <summary>Goes through all sections; keeps the answers that matter.</summary>
    private static DnsFault Walk(in DnsMessage message, ref Span<Record> records, out int rcode)
    {
        var at = message.AnswersAt;
        var kept = 0;
        var all = message.Answers + message.Authorities + message.Additionals;
        rcode = message.HeaderRcode;
        for (var i = 0; i < all; i++)
        {
            var fault = ReadRecord(message.Bytes, ref at, out var record, out var kind);
            if (fault != DnsFault.None)
            {
                records = default;
                return fault;
            }

            if (i < message.Answers && kind == ClassInternet && kept < records.Length && record.Type is TypeA or TypeAaaa or TypeCname)
            {
                records[kept++] = record;
            }
            else if (i >= message.Answers + message.Authorities && record.Type == TypeOpt)
            {
                rcode |= (int)(record.Seconds >> 24) << 4;
            }
        }

        records = records[..kept];
        return DnsFault.None;
    }

    private static DnsFault ReadRecord(ReadOnlySpan<byte> bytes, ref int at, out Record record, out ushort kind)
    {
        var nameAt = at;
        record = default;
        kind = 0;
        if (DnsName.Skip(bytes, ref at) is var fault and not DnsFault.None)
        {
            return fault;
        }

        if (at + 10 > bytes.Length)
        {
            return DnsFault.Counts;
        }

        var head = bytes.Slice(at, 10);
        var type = BinaryPrimitives.ReadUInt16BigEndian(head);
        var length = BinaryPrimitives.ReadUInt16BigEndian(head[8..]);
        kind = BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
        record = new Record(nameAt, at + 10, type, length, BinaryPrimitives.ReadUInt32BigEndian(head[4..]));
        at += 10 + length;
        var wanted = type switch { TypeA => 4, TypeAaaa => 16, _ => length };
        return at > bytes.Length ? DnsFault.Counts
            : kind == ClassInternet && length != wanted ? DnsFault.Data
            : DnsFault.None;
    }

    private static DnsFault Resolve(in DnsMessage message, ReadOnlySpan<Record> records, Span<DnsAddress> addresses, ref int count)
    {
        Span<byte> room = stackalloc byte[DnsName.MostBytes];
        scoped var name = message.Name;
        var seconds = uint.MaxValue;
        var fault = DnsFault.None;
        for (var aliases = 0; aliases < MostAliases && Alias(message, records, name, ref fault) is { } alias; aliases++)
        {
            var at = alias.DataAt;
            if (DnsName.Read(message.Bytes, ref at, room, out var length) is var broken and not DnsFault.None)
            {
                return broken;
            }

            name = room[..length];
            seconds = Math.Min(seconds, Seconds(alias));
        }

        foreach (var record in records)
        {
            if (record.Type != TypeCname && count < addresses.Length && DnsName.Matches(message.Bytes, record.NameAt, name, ref fault))
            {
                addresses[count++] = new DnsAddress(Address(message.Bytes.Slice(record.DataAt, record.DataLength)), Math.Min(seconds, Seconds(record)));
            }
        }

        return fault;
    }

    private static Record? Alias(in DnsMessage message, ReadOnlySpan<Record> records, ReadOnlySpan<byte> name, ref DnsFault fault)
    {
        foreach (var record in records)
        {
            if (record.Type == TypeCname && DnsName.Matches(message.Bytes, record.NameAt, name, ref fault))
            {
                return record;
            }
        }

        return null;
    }

    /// <summary>RFC 2181 section 8: with the highest bit set it is to be taken for 0.</summary>
    private static uint Seconds(Record record) => record.Seconds > int.MaxValue ? 0 : record.Seconds;

    private static IpAddress Address(ReadOnlySpan<byte> data) =>
        data.Length == 4 ? IpAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(data)) : IpAddress.Read(data);
}
