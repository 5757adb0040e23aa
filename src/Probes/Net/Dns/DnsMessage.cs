using System.Buffers.Binary;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>The header and the first question of a message. Nothing in it is trusted; nothing is allocated.</summary>
internal readonly ref struct DnsMessage
{
    internal const int HeaderBytes = 12;

    /// <summary>Secret to this process: a peer that cannot see the answer to its guesses cannot make two questions look alike.</summary>
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64();

    private DnsMessage(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        Bytes = bytes;
        Name = name;
    }

    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The name that is asked, expanded; empty when there is no question.</summary>
    internal ReadOnlySpan<byte> Name { get; }

    internal ushort QueryType { get; private init; }

    /// <summary>Where the answer section begins.</summary>
    internal int AnswersAt { get; private init; }

    /// <summary>A number that two different questions hardly share; 0 without a question.</summary>
    internal ulong Question { get; private init; }

    internal ushort Id => Number(0);

    internal bool IsResponse => (Bytes[2] & 0x80) != 0;

    /// <summary>The four bits of the header; EDNS may have more.</summary>
    internal int HeaderRcode => Bytes[3] & 0x0F;

    internal int Answers => Number(6);

    internal int Authorities => Number(8);

    internal int Additionals => Number(10);

    /// <param name="bytes">The message, or its beginning.</param>
    /// <param name="room">For the name; it lives as long as the message. <see cref="DnsName.MostBytes"/> at least.</param>
    /// <param name="message">Meaningful when the result is <see cref="DnsFault.None"/>.</param>
    internal static DnsFault Read(ReadOnlySpan<byte> bytes, Span<byte> room, out DnsMessage message)
    {
        message = default;
        if (bytes.Length < HeaderBytes)
        {
            return DnsFault.Header;
        }

        var questions = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (questions == 0)
        {
            message = new DnsMessage(bytes, default) { AnswersAt = HeaderBytes };
            return DnsFault.None;
        }

        var at = HeaderBytes;
        if (DnsName.Read(bytes, ref at, room, out var length) is var fault and not DnsFault.None)
        {
            return fault;
        }

        if (at + 4 > bytes.Length)
        {
            return DnsFault.Counts;
        }

        var name = room[..length];
        var type = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
        var question = Hash(name, type, BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]));
        at += 4;
        for (var more = questions - 1; more > 0; more--)
        {
            if (DnsName.Skip(bytes, ref at) is var next and not DnsFault.None)
            {
                return next;
            }

            at += 4;
        }

        message = new DnsMessage(bytes, name) { QueryType = type, Question = question, AnswersAt = at };
        return at <= bytes.Length ? DnsFault.None : DnsFault.Counts;
    }

    private static ulong Hash(ReadOnlySpan<byte> name, ushort type, ushort kind)
    {
        var hash = 0xcbf29ce484222325UL ^ Seed;
        foreach (var b in name)
        {
            hash = (hash ^ b) * 0x100000001b3UL;
        }

        hash = (hash ^ (((ulong)type << 16) | kind)) * 0x100000001b3UL;
        return hash == 0 ? 1 : hash;
    }

    private ushort Number(int at) => BinaryPrimitives.ReadUInt16BigEndian(Bytes[at..]);
}
