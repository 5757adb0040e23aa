using System.Text;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.Probes.Net;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Flows;

public sealed class NetflowPointTests
{
    [Fact]
    public void A_tcp_flow_has_the_reference_s_tags_and_fields()
    {
        var totals = new FlowTotals
        {
            BytesRead = 5120,
            BytesWritten = 742,
            Retransmits = 1,
            RttSamples = 1,
            RttSum = 1830,
            RttVarSum = 412,
            Closed = 1,
            Established = 1,
        };

        Line(Some.Flow(), totals).ShouldBe(
            "netflow,direction=outgoing,dst_ip=203.0.113.10,dst_ip_type=other,dst_nat_ip=N/A,dst_nat_port=N/A,dst_port=443,family=IPv4,"
            + "host=node-1,pid=4242,process_name=curl,service=ebpf,source=netflow,src_ip=192.0.2.15,src_ip_type=other,src_port=*,transport=tcp "
            + "bytes_read=5120i,bytes_written=742i,retransmits=1i,rtt=1830i,rtt_var=412i,tcp_closed=1i,tcp_established=1i 1700000000000000000");
    }

    [Fact]
    public void A_udp_flow_has_bytes_only()
    {
        var flow = Some.Flow(destination: "192.0.2.53", destinationPort: 514, transport: Transport.Udp, pid: 77, process: "rsyslogd");

        Line(flow, new FlowTotals { BytesWritten = 1300 }).ShouldBe(
            "netflow,direction=outgoing,dst_ip=192.0.2.53,dst_ip_type=other,dst_nat_ip=N/A,dst_nat_port=N/A,dst_port=514,family=IPv4,"
            + "host=node-1,pid=77,process_name=rsyslogd,service=ebpf,source=netflow,src_ip=192.0.2.15,src_ip_type=other,src_port=*,transport=udp "
            + "bytes_read=0i,bytes_written=1300i 1700000000000000000");
    }

    [Fact]
    public void One_mapped_side_alone_leaves_the_family_at_six()
    {
        Tag(Some.Flow("::ffff:192.0.2.1", "192.0.2.2"), "family").ShouldBe("IPv4");
        Tag(Some.Flow("::ffff:192.0.2.1", "2001:db8::1"), "family").ShouldBe("IPv6");
    }

    [Fact]
    public void A_process_without_a_name_is_not_available() => Tag(Some.Flow(process: ""), "process_name").ShouldBe("N/A");

    [Fact]
    public void A_user_tag_is_added_but_never_overwrites()
    {
        var identity = new PointIdentity("node-1", "ebpf", [new("zone", "a"), new("pid", "mine"), new("host", "mine")]);
        var tags = NetflowPoint.Tags(Some.Key(), identity);

        tags.ShouldContain(new KeyValuePair<string, string>("zone", "a"));
        tags.ShouldContain(new KeyValuePair<string, string>("pid", "4242"));
        tags.ShouldContain(new KeyValuePair<string, string>("host", "node-1"));
        tags.Select(t => t.Key).ShouldBe(tags.Select(t => t.Key).Order(StringComparer.Ordinal));
    }

    private static string Line(FlowIdentity flow, FlowTotals totals)
    {
        var renderer = new PlainRenderer();
        var key = Some.Key(flow);
        return Encoding.UTF8.GetString(renderer.Line(renderer.TagPrefix(key), key, totals, 1_700_000_000_000_000_000));
    }

    private static string Tag(FlowIdentity flow, string name) =>
        NetflowPoint.Tags(Some.Key(flow), new PointIdentity("h", "s", [])).Single(t => t.Key == name).Value;
}
