using System.Text;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Dns;

public sealed class DnsflowLineRendererTests
{
    private readonly DnsflowLineRenderer _renderer = new(new PointIdentity("node-1", "ebpf", [new("pid", "theirs")]), new LineCuts());

    [Fact]
    public void A_client_s_point_is_the_line_that_DataKit_gets() =>
        Render(new DnsBucketKey(0, "", 0), new DnsTotals(12, 18_000_000, 9_100_000, 3)).ShouldBe(
            "dnsflow,direction=outgoing,dst_ip=192.0.2.53,dst_ip_type=other,dst_port=53,family=IPv4,host=node-1,pid=theirs,service=ebpf,source=dnsflow,"
            + "src_ip=192.0.2.15,src_ip_type=other,src_port=*,transport=udp count=12i,latency=1500000i,latency_max=9100000i,rcode=0i 1700000000000000000");

    [Fact]
    public void A_timeout_s_code_is_minus_one_and_the_destination_s_name_is_a_tag() =>
        Render(new DnsBucketKey(-1, "", 0), new DnsTotals(1, 0, 0, 0), "dns.test").ShouldBe(
            "dnsflow,direction=outgoing,dst_domain=dns.test,dst_ip=192.0.2.53,dst_ip_type=other,dst_port=53,family=IPv4,host=node-1,pid=theirs,service=ebpf,"
            + "source=dnsflow,src_ip=192.0.2.15,src_ip_type=other,src_port=*,transport=udp count=1i,latency=0i,latency_max=0i,rcode=-1i 1700000000000000000");

    [Theory]
    [InlineData(28, "AAAA")]
    [InlineData(65, "HTTPS")]
    [InlineData(4711, "TYPE4711")]
    public void Name_and_type_are_tags_and_retries_a_field_when_names_are_told_apart(ushort type, string expected)
    {
        var point = LineParser.Parse(Render(new DnsBucketKey(0, @"a\032b,c=.test", type), new DnsTotals(1, 5, 5, 2)));

        (point.Tags["query_name"], point.Tags["query_type"]).ShouldBe((@"a\032b,c=.test", expected));
        point.Fields["retries"].ShouldBe(2L);
    }

    [Fact]
    public void Numbers_beyond_the_field_s_width_stay_positive() =>
        Render(new DnsBucketKey(0, "", 0), new DnsTotals(1, ulong.MaxValue, ulong.MaxValue, 0)).ShouldContain($"latency={long.MaxValue}i,");

    private string Render(DnsBucketKey bucket, DnsTotals totals, string domain = "")
    {
        var key = FlowKey.Of(Some.Asking(), ephemeralStart: 0, domain) with { Pid = 0, ProcessName = "" };
        return Encoding.UTF8.GetString(_renderer.Line(key, bucket, totals, 1_700_000_000_000_000_000));
    }
}
