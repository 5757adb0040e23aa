using System.Text;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using EbpfActors.Probes.Net;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Http;

public sealed class HttpflowLineRendererTests
{
    private static readonly char[] Nasty = ['"', '\\', ',', '=', ' ', '\n', '\r', '\t', '\0', '\u0085', '\u007f', '\ud83d', '\ude42', 'é', '日', '/', '%', 'a'];

    private readonly HttpflowLineRenderer _renderer = new(
        new PointIdentity("node-1", "ebpf", [new("pid", "not theirs"), new("some_tag", "some value")]), LineCuts.In(new FlowLedger()));

    [Fact]
    public void A_client_s_point_is_the_line_that_DataKit_gets()
    {
        var flow = Some.Flow("192.0.2.15", "203.0.113.10", destinationPort: 8080, process: "my app=1");
        HttpExchange[] exchanges =
        [
            Some.Exchange(flow, path: "/api/v1/items", read: 170, written: 32, latency: 18_450_000),
            Some.Exchange(flow, path: "/api/v1/items", read: 342, written: 64, latency: 18_450_001),
        ];

        Render(exchanges).ShouldBe(
            "httpflow,direction=outgoing,dst_ip=203.0.113.10,dst_ip_type=other,dst_nat_ip=N/A,dst_nat_port=N/A,dst_port=8080,family=IPv4,"
            + "host=node-1,pid=4242,process_name=my\\ app\\=1,service=ebpf,some_tag=some\\ value,source=httpflow,src_ip=192.0.2.15,"
            + "src_ip_type=other,src_port=*,transport=tcp bytes_read=512i,bytes_written=96i,count=2i,http_version=\"1.1\",latency=18450000i,"
            + "latency_max=18450001i,method=\"GET\",path=\"/api/v1/items\",status_code=200i,truncated=false 1700000000000000000");
    }

    [Fact]
    public void A_server_s_point_hides_the_client_s_port()
    {
        var flow = Some.Flow("2001:db8::1", "2001:db8::7", 80, 51000, direction: Direction.Incoming, pid: 900, process: "nginx");

        var line = Render(Some.Exchange(flow, "POST", "/login", 404, latency: 900_000, version: "1.0", truncated: true));

        line.ShouldStartWith("httpflow,direction=incoming,dst_ip=2001:db8::7,dst_ip_type=other,dst_nat_ip=N/A,dst_nat_port=N/A,dst_port=*,family=IPv6,");
        line.ShouldContain(",src_ip=2001:db8::1,src_ip_type=other,src_port=80,transport=tcp ");
        line.ShouldEndWith(
            " bytes_read=100i,bytes_written=50i,count=1i,http_version=\"1.0\",latency=900000i,latency_max=900000i,method=\"POST\","
            + "path=\"/login\",status_code=404i,truncated=true 1700000000000000000");
    }

    [Fact]
    public void The_later_part_of_a_long_exchange_has_bytes_and_counts_nothing() =>
        Render(Some.Exchange(count: 0, read: 5_368_709_120, latency: 7)).ShouldEndWith(
            " bytes_read=5368709120i,bytes_written=50i,count=0i,http_version=\"1.1\",latency=0i,latency_max=0i,method=\"GET\","
            + "path=\"/\",status_code=200i,truncated=false 1700000000000000000");

    [Fact]
    public void Quotes_and_backslashes_are_escaped() =>
        Render(Some.Exchange(path: """/a"b\c""", method: "G\"")).ShouldContain("""method="G\"",path="/a\"b\\c",""");

    [Fact]
    public void Numbers_beyond_the_field_s_width_stay_positive() =>
        Render(Some.Exchange(read: ulong.MaxValue, latency: ulong.MaxValue)).ShouldContain($"bytes_read={long.MaxValue}i,");

    [Fact]
    public void Whatever_a_peer_sends_as_method_and_path_a_parser_that_shares_no_code_reads_it_back()
    {
        var text = Gen.ListOf(Gen.Frequency((3, Gen.Elements(Nasty)), (1, ArbMap.Default.GeneratorFor<char>()))).Select(c => new string([.. c]));

        Prop.ForAll(Gen.Two(text).ToArbitrary(), pair =>
        {
            var line = Render(Some.Exchange(method: pair.Item1, path: pair.Item2));

            LineParser.Lines(line + "\n").ShouldHaveSingleItem();
            var point = LineParser.Parse(line);
            point.Measurement.ShouldBe("httpflow");
            point.Fields["method"].ShouldBe(Utf8(pair.Item1));
            point.Fields["path"].ShouldBe(Utf8(pair.Item2));
            point.Fields["status_code"].ShouldBe(200L);
            point.Fields["truncated"].ShouldBe(false);
            point.Fields.Count.ShouldBe(10);
            point.Time.ShouldBe(1_700_000_000_000_000_000);
        }).QuickCheckThrowOnFailure();
    }

    private string Render(params HttpExchange[] exchanges)
    {
        var key = FlowKey.Of(exchanges[0].Flow, ephemeralStart: 0);
        var totals = exchanges.Select(e => HttpTotals.Of(e)).Aggregate((a, b) => a + b);
        return Encoding.UTF8.GetString(
            _renderer.Line(_renderer.TagPrefix(key), HttpBucketKey.Of(exchanges[0]), totals, 1_700_000_000_000_000_000));
    }

    private static string Utf8(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
