using System.Runtime.InteropServices;
using System.Text;
using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Adoption;
using EbpfActors.Probes.Net.Dns;
using EbpfActors.Probes.Net.Http;
using EbpfActors.Probes.Net.Sweeps;
using EbpfActors.Probes.Tests.Bpf;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Net;

/// <summary>The managed structures against the compiled object: offsets come from its BTF, not from a second copy of the header.</summary>
public sealed class WireTests
{
    [Theory]
    [InlineData("flow_event", typeof(FlowEvent))]
    [InlineData("flow_control", typeof(FlowControl))]
    [InlineData("flow_loss_count", typeof(FlowLossCount))]
    [InlineData("http_line", typeof(HttpLine))]
    [InlineData("http_head", typeof(HttpHead))]
    [InlineData("http_end", typeof(HttpEnd))]
    [InlineData("http_exchange", typeof(HttpExchangeRecord))]
    [InlineData("dns_record", typeof(DnsRecord))]
    [InlineData("dns_ports", typeof(DnsPorts))]
    [InlineData("adopt_request", typeof(AdoptRequest))]
    [InlineData("tcp_conn", typeof(TcpConn))]
    [InlineData("owner", typeof(FlowOwner))]
    [InlineData("flow_ends", typeof(FlowEnds))]
    [InlineData("udp_key", typeof(UdpKey))]
    [InlineData("udp_flow", typeof(UdpFlow))]
    public void Managed_structures_match_the_compiled_object(string name, Type managed)
    {
        using var net = BpfObject.Open("net");
        ShouldMatch(BtfLayout.Struct(net, name), managed);
    }

    private static void ShouldMatch(BtfLayout native, Type managed)
    {
        Marshal.SizeOf(managed).ShouldBe(native.Size);
        foreach (var member in native.Members)
        {
            var field = string.Concat(member.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
            ((int)Marshal.OffsetOf(managed, field)).ShouldBe(native[member], member);
        }
    }

    [Fact]
    public void The_record_of_a_translated_connection_matches_the_compiled_object()
    {
        using var conntrack = BpfObject.Open("conntrack");
        ShouldMatch(BtfLayout.Struct(conntrack, "nat_event"), typeof(NatEvent));
    }

    [Fact]
    public void Losses_have_the_numbers_of_the_compiled_object()
    {
        using var net = BpfObject.Open("net");
        var native = BtfLayout.Enum(net, "flow_loss");

        native.Members.Count.ShouldBe(Enum.GetValues<FlowLoss>().Length + 1); // LOSS_COUNT
        foreach (var member in native.Members.Where(m => m != "LOSS_COUNT"))
        {
            var name = string.Concat(member["LOSS_".Length..].Split('_').Select(word => word[0] + word[1..].ToLowerInvariant()));
            ((int)Enum.Parse<FlowLoss>(name)).ShouldBe(native[member], member);
        }
    }

    [Fact]
    public void A_record_of_literal_bytes_is_read()
    {
        var bytes = Convert.FromHexString(
            "0100000000000000" + "0204000000000000" + "0300000001000000" +
            "00000000000000000000FFFF0A000001" + "20010DB8000000000000000000000007" + "20010DB8000000000000000000000008" +
            "05000000" + "E8030000" + "64000000" + "92100000" + "D90F00F0" +
            "5000" + "BB01" + "901F" + "06" + "01" + "01" + "03" +
            Convert.ToHexString(Encoding.ASCII.GetBytes("nginx\0\0\0\0\0\0\0\0\0\0\0")) + "0000");

        FlowEvent.TryRead(bytes, out var record).ShouldBeTrue();

        record.Id.ShouldBe(1ul);
        record.TxBytes.ShouldBe(0x402ul);
        record.RxBytes.ShouldBe(0x1_0000_0003ul);
        IpAddress.Read(record.Saddr).ToString().ShouldBe("10.0.0.1");
        IpAddress.Read(record.Daddr).ToString().ShouldBe("2001:db8::7");
        (record.Retransmits, record.RttUs, record.RttVarUs, record.Tgid, record.Netns).ShouldBe((5u, 1000u, 100u, 4242u, 0xF0000FD9u));
        (record.Sport, record.Dport, record.IsClosed).ShouldBe(((ushort)80, (ushort)443, true));
        (IpAddress.Read(record.NatAddr).ToString(), record.NatPort).ShouldBe(("2001:db8::8", (ushort)8080));
    }

    [Theory]
    [InlineData(0, 6, 0)]
    [InlineData(119, 6, 0)]
    [InlineData(120, 5, 0)]
    [InlineData(120, 17, 2)]
    public void Bytes_that_are_no_record_are_refused(int length, byte transport, byte direction)
    {
        var bytes = new byte[length];
        if (length == 104)
        {
            (bytes[80], bytes[81]) = (transport, direction);
        }

        FlowEvent.TryRead(bytes, out _).ShouldBeFalse();
    }
}
