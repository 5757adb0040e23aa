using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Conntrack;

public sealed class ConntrackMessageTests
{
    /// <summary>What the kernel said when 127.0.0.1:55122 connected to 127.0.0.9:80, which is translated to 127.0.0.1:8080; attributes that are not read left out.</summary>
    private const string Tuples =
        "34000180" + "14000180" + "08000100" + "7F000001" + "08000200" + "7F000009" +
        "1C000280" + "05000100" + "06000000" + "06000200" + "D7520000" + "06000300" + "00500000" +
        "34000280" + "14000180" + "08000100" + "7F000001" + "08000200" + "7F000001" +
        "1C000280" + "05000100" + "06000000" + "06000200" + "1F900000" + "06000300" + "D7520000" +
        "08000300" + "00000028";

    private static readonly NatTuple Expected = new(IpAddress.Parse("127.0.0.1"), IpAddress.Parse("127.0.0.9"), 55122, 80, Transport.Tcp);

    [Theory]
    [InlineData("0001", ConntrackNews.Known)]
    [InlineData("0201", ConntrackNews.Gone)]
    public void A_message_of_literal_bytes_is_read(string type, object news)
    {
        ReadOnlySpan<byte> bytes = Message(type, "02000000" + Tuples);

        ConntrackMessage.TryTake(ref bytes, out var message).ShouldBeTrue();

        bytes.Length.ShouldBe(0);
        message.News.ShouldBe((ConntrackNews)news);
        message.Original.ShouldBe(Expected);
        message.Target.ShouldBe(new NatTarget(IpAddress.Parse("127.0.0.1"), 8080));
    }

    [Fact]
    public void A_connection_without_destination_nat_or_of_another_protocol_is_not_for_us()
    {
        News(Message("0001", "02000000" + Tuples.Replace("1F900000", "00500000", StringComparison.Ordinal).Replace("7F000009", "7F000001", StringComparison.Ordinal)))
            .ShouldBe(ConntrackNews.Other);
        News(Message("0001", "02000000" + Tuples.Replace("0500010006", "0500010084", StringComparison.Ordinal))).ShouldBe(ConntrackNews.Other);
    }

    [Fact]
    public void The_end_of_a_dump_and_a_refusal_are_told_apart()
    {
        News(Message("0300", "00000000")).ShouldBe(ConntrackNews.Done);
        ReadOnlySpan<byte> refused = Message("0200", "FFFFFFFF" + "14000000");
        ConntrackMessage.TryTake(ref refused, out var message).ShouldBeTrue();
        (message.News, message.Error).ShouldBe((ConntrackNews.Refused, 1));
    }

    [Fact]
    public void Several_messages_come_off_one_by_one_and_half_a_message_does_not()
    {
        var one = Message("0001", "02000000" + Tuples);
        ReadOnlySpan<byte> bytes = (byte[])[.. one, .. one, .. one.AsSpan(0, one.Length - 4)];

        ConntrackMessage.TryTake(ref bytes, out _).ShouldBeTrue();
        ConntrackMessage.TryTake(ref bytes, out _).ShouldBeTrue();
        ConntrackMessage.TryTake(ref bytes, out _).ShouldBeFalse();
    }

    /// <summary>Lengths that lie cost no exception and no endless loop.</summary>
    [Fact]
    public void Broken_messages_are_read_to_their_end()
    {
        var random = new Random(1);
        var whole = Message("0001", "02000000" + Tuples);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = whole.AsSpan(0, random.Next(whole.Length + 1)).ToArray();
            for (var i = random.Next(4); i > 0 && bytes.Length > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            ReadOnlySpan<byte> rest = bytes;
            while (ConntrackMessage.TryTake(ref rest, out _))
            {
            }
        }
    }

    private static ConntrackNews News(ReadOnlySpan<byte> bytes)
    {
        ConntrackMessage.TryTake(ref bytes, out var message).ShouldBeTrue();
        return message.News;
    }

    private static byte[] Message(string type, string body)
    {
        var bytes = Convert.FromHexString("00000000" + type + "0000" + "00000000" + "00000000" + body);
        BitConverter.TryWriteBytes(bytes, bytes.Length);
        return bytes;
    }
}
