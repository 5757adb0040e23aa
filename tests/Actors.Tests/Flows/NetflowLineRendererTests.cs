using System.Text;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class NetflowLineRendererTests
{
    private readonly NetflowLineRenderer _renderer = new(
        new PointIdentity("node-1", "ebpf", [new("pid", "not theirs"), new("some_tag", "some value")]), LineCuts.In(new FlowLedger()));

    [Fact]
    public void A_tcp_point_is_the_line_that_DataKit_gets()
    {
        var identity = new FlowIdentity(
            IpAddress.Parse("192.0.2.15"), IpAddress.Parse("203.0.113.10"), 40000, 443, Transport.Tcp, Direction.Outgoing, 4242, 1, "my app=1");
        var totals = FlowTotals.Of(new FlowDelta(identity, 5120, 742, 1, 1, 1, 1830, 412));

        Render(identity, totals).ShouldBe(
            "netflow,direction=outgoing,dst_ip=203.0.113.10,dst_ip_type=other,dst_nat_ip=N/A,dst_nat_port=N/A,dst_port=443,family=IPv4,"
            + "host=node-1,pid=4242,process_name=my\\ app\\=1,service=ebpf,some_tag=some\\ value,source=netflow,src_ip=192.0.2.15,"
            + "src_ip_type=other,src_port=*,transport=tcp bytes_read=5120i,bytes_written=742i,retransmits=1i,rtt=1830i,rtt_var=412i,"
            + "tcp_closed=1i,tcp_established=1i 1700000000000000000");
    }

    [Fact]
    public void A_udp_point_has_bytes_only()
    {
        var identity = new FlowIdentity(
            IpAddress.Parse("10.0.0.1"), IpAddress.Parse("2001:db8::7"), 53, 5000, Transport.Udp, Direction.Incoming, 0, 1, "");
        var totals = FlowTotals.Of(new FlowDelta(identity, 1, 1300, 0, 0, 0, 0, 0));

        Render(identity, totals).ShouldEndWith(",transport=udp bytes_read=1i,bytes_written=1300i 1700000000000000000");
        Render(identity, totals).ShouldContain(",dst_port=*,family=IPv6,host=node-1,pid=0,process_name=N/A,");
    }

    private string Render(FlowIdentity identity, FlowTotals totals)
    {
        var key = FlowKey.Of(identity, ephemeralStart: 0);
        return Encoding.UTF8.GetString(_renderer.Line(_renderer.TagPrefix(key), key, totals, 1_700_000_000_000_000_000));
    }
}
