using System.Text;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Probes.Bash;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

public sealed class BashLineRendererTests
{
    private static readonly PointIdentity Identity = new("node-1", "ebpf", []);

    [Theory]
    [InlineData("ls -la /tmp", "alice",
        """bash,host=node-1,service=ebpf cmd="ls -la /tmp",message="2023-11-14T22:13:20Z pid:`1234` user:`alice` cmd:`ls -la /tmp`",pid="1234",user="alice" 1700000000000000000""")]
    [InlineData("echo \"hi\"", "root",
        """bash,host=node-1,service=ebpf cmd="echo \"hi\"",message="2023-11-14T22:13:20Z pid:`1234` user:`root` cmd:`echo \"hi\"`",pid="1234",user="root" 1700000000000000000""")]
    public void The_samples_of_the_reference_come_out_to_the_byte(string text, string user, string expected) =>
        Line(TimeZoneInfo.Utc, text, user).ShouldBe(expected);

    [Fact]
    public void The_message_has_local_time()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("here", TimeSpan.FromHours(5.5), "here", "here");

        Line(zone, "ls", "alice").ShouldContain("message=\"2023-11-15T03:43:20+05:30 pid:");
    }

    [Fact]
    public void Quotes_backslashes_and_newlines_are_those_of_the_command() =>
        Line(TimeZoneInfo.Utc, "echo \"a\\b\"\nls\t'ü'", "alice").ShouldContain("cmd=\"echo \\\"a\\\\b\\\"\nls\t'ü'\",");

    [Fact]
    public void A_cut_line_is_marked() =>
        Line(TimeZoneInfo.Utc, "ls", "alice", isCut: true).ShouldContain(",pid=\"1234\",truncated=true,user=\"alice\"");

    [Fact]
    public void A_tag_of_the_users_is_there_and_does_not_replace_host()
    {
        var renderer = new BashLineRenderer(Identity with { UserTags = [new("env", "test"), new("host", "other")] }, new LineCuts(), TimeZoneInfo.Utc);

        Encoding.UTF8.GetString(renderer.Line(new ShellCommand(1, 1, "a", "ls", false), "ls")).ShouldStartWith("bash,env=test,host=node-1,service=ebpf ");
    }

    private static string Line(TimeZoneInfo zone, string text, string user, bool isCut = false) => Encoding.UTF8.GetString(
        new BashLineRenderer(Identity, new LineCuts(), zone).Line(new ShellCommand(1_700_000_000_000_000_000, 1234, user, text, isCut), text));
}
