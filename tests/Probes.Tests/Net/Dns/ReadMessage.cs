using EbpfActors.Probes.Net.Dns;

namespace EbpfActors.Probes.Tests.Net.Dns;

/// <summary>All that the reader says about a message.</summary>
internal sealed record ReadMessage(DnsFault Fault, ushort Id, bool IsResponse, string Name, ushort Type, int Rcode, DnsAddress[] Addresses)
{
    public static ReadMessage Of(byte[] bytes)
    {
        Span<byte> room = stackalloc byte[DnsName.MostBytes];
        var fault = DnsMessage.Read(bytes, room, out var message);
        if (fault != DnsFault.None)
        {
            return new ReadMessage(fault, 0, false, "", 0, 0, []);
        }

        Span<char> text = stackalloc char[DnsName.MostCharacters];
        var name = message.Name.IsEmpty ? "" : text[..DnsName.Write(message.Name, text)].ToString();
        Span<DnsAddress> addresses = stackalloc DnsAddress[DnsAnswers.MostAddresses];
        var later = DnsAnswers.Read(message, addresses, out var count, out var rcode);
        return new ReadMessage(later, message.Id, message.IsResponse, name, message.QueryType, rcode, addresses[..count].ToArray());
    }
}
