using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>Messages byte by byte, for both sides of a conversation. Shares no code with what reads them.</summary>
internal static class DnsBytes
{
    public const ushort A = 1;
    public const ushort Cname = 5;
    public const ushort Aaaa = 28;

    public static byte[] Query(ushort id, string name, ushort type = A) => [.. Head(id, 0x0100, 1, 0), .. Name(name), .. Short(type), .. Short(1)];

    /// <summary>The answer to a query with its question and these records.</summary>
    public static byte[] Answer(byte[] query, int rcode, params byte[][] records) =>
        [.. query[..2], 0x81, (byte)(0x80 | rcode), 0, 1, .. Short((ushort)records.Length), 0, 0, 0, 0, .. Question(query), .. records.SelectMany(r => r)];

    public static byte[] Address(string owner, string address, uint seconds = 60) =>
        IPAddress.Parse(address).GetAddressBytes() is var bytes && bytes.Length == 4 ? Record(owner, A, seconds, bytes) : Record(owner, Aaaa, seconds, bytes);

    public static byte[] Alias(string owner, string target, uint seconds = 60) => Record(owner, Cname, seconds, Name(target));

    public static byte[] Record(string owner, ushort type, uint seconds, byte[] data) =>
        [.. Name(owner), .. Short(type), .. Short(1), .. Long(seconds), .. Short((ushort)data.Length), .. data];

    public static byte[] Name(string name) =>
        [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0];

    /// <summary>As it goes over TCP: with its length in front.</summary>
    public static byte[] Framed(byte[] message) => [.. Short((ushort)message.Length), .. message];

    private static byte[] Head(ushort id, ushort flags, ushort questions, ushort answers) =>
        [.. Short(id), .. Short(flags), .. Short(questions), .. Short(answers), 0, 0, 0, 0];

    private static byte[] Question(byte[] query)
    {
        var end = Array.IndexOf(query, (byte)0, 12) + 5;
        return query[12..end];
    }

    private static byte[] Short(ushort value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Long(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
