using System.Text;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Actors.Points;
using EbpfActors.Actors.Tests.Doubles;
using EbpfActors.FakeDataKit;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.LineProtocol;

public sealed class UserTagsTests
{
    private static readonly DnsBucketKey NamedQuery = new(0, "example.com", 1);

    public static TheoryData<string> Measurements() => ["netflow", "httpflow", "dnsflow", "bash"];

    [Theory]
    [MemberData(nameof(Measurements))]
    public void A_tag_with_the_name_of_any_field_is_left_out_and_named(string measurement)
    {
        var plain = LineParser.Parse(Line(measurement, []));
        var fields = plain.Fields.Keys.ToArray();

        var point = LineParser.Parse(Line(measurement, [.. fields, "zone"]));

        point.Tags.Keys.Order().ShouldBe(plain.Tags.Keys.Append("zone").Order());
        point.Fields.Keys.ShouldBe(fields);
        fields.ShouldNotBeEmpty();
        foreach (var field in fields)
        {
            UserTags.Warnings([field]).Count(w => w.StartsWith($"tag {field} is left out of ", StringComparison.Ordinal) && w.Contains(measurement, StringComparison.Ordinal)).ShouldBe(1);
        }
    }

    [Theory]
    [InlineData("date")]
    [InlineData("source")]
    [InlineData("cmd\\")]
    public void What_DataKit_takes_from_logs_is_left_out_of_them(string tag) => Line("bash", tag).ShouldStartWith("bash,host=node-1,service=ebpf cmd=");

    [Fact]
    public void A_dot_is_an_underscore_in_logs_and_a_dot_elsewhere()
    {
        Line("bash", "dot.key").ShouldStartWith("bash,dot_key=theirs,host=");
        LineParser.Parse(Line("netflow", "dot.key")).Tags.Keys.ShouldContain("dot.key");
    }

    [Fact]
    public void The_warnings_say_which_where_and_why() => UserTags.Warnings(["pid", "path", "date", "a.b", "zone"]).ShouldBe(
    [
        "tag pid is left out of bash: a field has that name, which DataKit would drop",
        "tag path is left out of httpflow: a field has that name, which DataKit would drop",
        "tag date is left out of bash: DataKit takes it from logs",
        "tag a.b is a_b on bash: DataKit's logs have no dots in keys",
    ]);

    private static string Line(string measurement, params string[] userTags)
    {
        var identity = new PointIdentity("node-1", "ebpf", [.. userTags.Select(t => new KeyValuePair<string, string>(t, "theirs"))]);
        var (key, cuts) = (Some.Key(), new LineCuts());
        return Encoding.UTF8.GetString(measurement switch
        {
            "netflow" => Netflow(new NetflowLineRenderer(identity, cuts), key),
            "httpflow" => Httpflow(new HttpflowLineRenderer(identity, cuts), key),
            "dnsflow" => new DnsflowLineRenderer(identity, cuts).Line(key, NamedQuery, default, 1),
            _ => new BashLineRenderer(identity, cuts, TimeZoneInfo.Utc).Line(new ShellCommand(1, 1, "alice", "ls", IsCut: true), "ls"),
        });
    }

    private static byte[] Netflow(NetflowLineRenderer renderer, FlowKey key) => renderer.Line(renderer.TagPrefix(key), key, default, 1);

    private static byte[] Httpflow(HttpflowLineRenderer renderer, FlowKey key) =>
        renderer.Line(renderer.TagPrefix(key), new HttpBucketKey("GET", "/", 200, "1.1", false), default, 1);
}
