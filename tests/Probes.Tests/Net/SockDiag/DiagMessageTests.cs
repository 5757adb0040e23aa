using EbpfActors.Probes.Net.SockDiag;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net.SockDiag;

/// <summary>Messages byte by byte as <c>struct nlmsghdr</c>, <c>struct inet_diag_msg</c> and <c>struct tcp_info</c> lay them out.</summary>
public sealed class DiagMessageTests
{
    /// <summary>An IPv4 socket 10.0.0.1:43210 that is connected to 10.0.0.2:80, in LAST_ACK.</summary>
    private const string Socket =
        "02" + "09" + "00" + "00" + "A8CA" + "0050" +
        "0A000001" + "000000000000000000000000" + "0A000002" + "000000000000000000000000" +
        "00000000" + "0200000001000000" + "00000000" + "00000000" + "0A000000" + "E8030000" + "39300000";

    /// <summary>rtt 250, rttvar 60, 3 retransmits, 101 acknowledged, 501 received, 4 not sent, 120 sent, 20 of them again.</summary>
    private static readonly string Info = Fill(216, (68, "FA000000"), (72, "3C000000"), (100, "03000000"), (120, "6500000000000000"),
        (128, "F501000000000000"), (144, "04000000"), (200, "7800000000000000"), (208, "1400000000000000"));

    [Fact]
    public void A_socket_has_its_ends_its_state_and_its_counters()
    {
        var message = TakeOnly(Message(20, Socket + Attribute(5, "AABBCCDD") + Attribute(2, Info)));

        message.News.ShouldBe(DiagNews.Socket);
        var socket = message.Socket;
        (socket.Source.ToString(), socket.SourcePort, socket.Destination.ToString(), socket.DestinationPort).ShouldBe(("10.0.0.1", (ushort)43210, "10.0.0.2", (ushort)80));
        (socket.State, socket.WriteQueue, socket.Inode, socket.Cookie).ShouldBe(((byte)TcpStates.LastAck, 10u, 12345u, 0x1_0000_0002ul));
        socket.Counters.ShouldBe(new DiagCounters(250, 60, 3, 101, 501, 4, 120, 20));
    }

    [Fact]
    public void Bytes_are_payload_once_each_and_a_FIN_is_none()
    {
        var socket = TakeOnly(Message(20, Socket + Attribute(2, Info))).Socket;

        socket.Sent(connected: true).ShouldBe(106ul);
        socket.Received.ShouldBe(500ul); // the peer's FIN was counted
        socket.Sequence.ShouldBe(107ul); // 101 acknowledged, 10 in the queue of which 4 were not sent, the FIN among those
    }

    /// <summary>bytes_sent less bytes_retrans tells which numbers were SYN and FIN; where it counts wrongly, the FIN was sent if all was.</summary>
    [Theory]
    [InlineData(TcpStates.Established, 101, 100, 0, true, 100)]
    [InlineData(TcpStates.Established, 100, 100, 0, false, 100)]
    [InlineData(TcpStates.Established, 101, 300, 150, true, 100)]
    [InlineData(TcpStates.Close, 102, 100, 0, true, 100)]
    [InlineData(TcpStates.Close, 101, 100, 0, true, 100)]
    [InlineData(TcpStates.Close, 101, 100, 0, false, 100)]
    [InlineData(TcpStates.Close, 100, 100, 0, false, 100)]
    [InlineData(TcpStates.Close, 100_013, 100_011, 100_000, true, 100_011)]
    [InlineData(TcpStates.Close, 100_012, 5, 100_000, false, 100_011)]
    [InlineData(TcpStates.Close, 0, 0, 0, true, 0)]
    public void Bytes_sent_are_those_that_sequence_numbers_prove(int state, ulong acknowledged, ulong sent, ulong again, bool connected, ulong payload)
    {
        var counters = new DiagCounters(0, 0, 0, acknowledged, 0, 0, sent, again);
        var socket = new DiagSocket(1, default, default, 43210, 80, (byte)state, 0, 0, counters);

        socket.Sent(connected).ShouldBe(payload);
    }

    [Theory]
    [InlineData(TcpStates.Established, 101, 100, 80, 43210, false)]
    [InlineData(TcpStates.Established, 100, 100, 43210, 80, true)]
    [InlineData(TcpStates.Established, 100, 200, 43210, 80, false)]
    [InlineData(TcpStates.Established, 100, 200, 80, 43210, true)]
    [InlineData(TcpStates.Close, 102, 100, 80, 43210, false)]
    [InlineData(TcpStates.Close, 101, 100, 43210, 80, false)]
    [InlineData(TcpStates.Close, 101, 100, 43210, 51000, true)]
    [InlineData(TcpStates.Close, 100, 100, 43210, 80, true)]
    public void Who_opened_a_connection_is_told_by_its_SYN_or_else_by_the_ports(int state, ulong acknowledged, ulong sent, ushort port, ushort peerPort, bool accepted)
    {
        var counters = new DiagCounters(0, 0, 0, acknowledged, 0, 0, sent, 0);
        var socket = new DiagSocket(1, default, default, port, peerPort, (byte)state, 0, 0, counters);

        socket.SeemsAccepted.ShouldBe(accepted);
    }

    [Fact]
    public void A_socket_without_counters_or_with_those_of_an_old_kernel_has_none()
    {
        TakeOnly(Message(20, Socket)).Socket.Counters.ShouldBeNull();
        TakeOnly(Message(20, Socket + Attribute(2, Fill(104)))).Socket.Counters.ShouldBeNull();
    }

    [Fact]
    public void An_IPv6_socket_has_IPv6_addresses()
    {
        var bytes = "0A01" + Socket[4..16] + "20010DB8000000000000000000000001" + "20010DB8000000000000000000000002" + Socket[80..];
        var socket = TakeOnly(Message(20, bytes)).Socket;

        (socket.Source.ToString(), socket.Destination.ToString(), (int)socket.State).ShouldBe(("2001:db8::1", "2001:db8::2", TcpStates.Established));
    }

    [Theory]
    [InlineData(3, "00000000", DiagNews.Done, 0)]
    [InlineData(3, "FEFFFFFF", DiagNews.Refused, 2)]
    [InlineData(3, "", DiagNews.Done, 0)]
    [InlineData(2, "FFFFFFFF", DiagNews.Refused, 1)]
    [InlineData(2, "00", DiagNews.Other, 0)]
    [InlineData(20, "0201", DiagNews.Other, 0)]
    [InlineData(99, "", DiagNews.Other, 0)]
    public void The_end_of_a_dump_and_refusals_are_told_apart(int type, string body, object news, int error)
    {
        var message = TakeOnly(Message(type, body));

        (message.News, message.Error).ShouldBe(((DiagNews)news, error));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0F000000140000000000000000000000")]
    [InlineData("00000000140000000000000000000000")]
    [InlineData("FFFFFFFF140000000000000000000000")]
    public void Bytes_that_are_no_whole_message_end_the_reading(string bytes)
    {
        ReadOnlySpan<byte> rest = Convert.FromHexString(bytes);

        DiagMessage.TryTake(ref rest, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("03000200")]
    [InlineData("FF000200")]
    public void An_attribute_of_an_impossible_length_ends_the_attributes(string attribute) =>
        TakeOnly(Message(20, Socket + attribute)).Socket.Counters.ShouldBeNull();

    private static DiagMessage TakeOnly(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        DiagMessage.TryTake(ref rest, out var message).ShouldBeTrue();
        rest.IsEmpty.ShouldBeTrue();
        return message;
    }

    private static byte[] Message(int type, string body)
    {
        var bytes = Convert.FromHexString(body);
        return [.. BitConverter.GetBytes(16 + bytes.Length), .. BitConverter.GetBytes((ushort)type), .. new byte[10], .. bytes];
    }

    private static string Attribute(int kind, string value) =>
        Convert.ToHexString([.. BitConverter.GetBytes((ushort)(4 + (value.Length / 2))), .. BitConverter.GetBytes((ushort)kind)]) + value;

    private static string Fill(int length, params (int At, string Bytes)[] parts)
    {
        var bytes = new byte[length];
        foreach (var (at, part) in parts)
        {
            Convert.FromHexString(part).CopyTo(bytes, at);
        }

        return Convert.ToHexString(bytes);
    }
}
