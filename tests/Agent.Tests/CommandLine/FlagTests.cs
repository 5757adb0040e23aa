using EbpfActors.Agent.CommandLine;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Tests.Configuration;

namespace EbpfActors.Agent.Tests.CommandLine;

public sealed class FlagTests
{
    [Theory]
    [InlineData("--ipv6-disabled", true)]
    [InlineData("--ipv6-disabled true", true)]
    [InlineData("--ipv6-disabled t", true)]
    [InlineData("--ipv6-disabled yes", true)]
    [InlineData("--ipv6-disabled y", true)]
    [InlineData("--ipv6-disabled 1", true)]
    [InlineData("--ipv6-disabled=true", true)]
    [InlineData("--ipv6-disabled false", false)]
    [InlineData("--ipv6-disabled --log stderr", true)]
    public void IPv6_disabled_is_read_bare_and_with_a_value(string line, bool disabled) =>
        Assert.Equal(disabled, Reading.Options(flags: line.Split(' ')).Net.IPv6Disabled);

    [Theory]
    [InlineData("--ephemeral_port 10001")]
    [InlineData("--ephemeral-port 10001")]
    [InlineData("run --ephemeral-port=10001")]
    [InlineData("--ephemeral-port 1 --ephemeral_port 10001")]
    public void The_ephemeral_port_has_the_names_of_both_generations_and_the_last_one_counts(string line) =>
        Assert.Equal(10001, Reading.Options(flags: line.Split(' ')).Net.EphemeralPort);

    [Fact]
    public void Tags_are_split_at_semicolons_and_commas() =>
        Assert.Equal(["a", "b", "c", "d"], Reading.Options(flags: ["--tags", "a=1;b=2", "--tags", "c=3,d=4"]).Host.Tags.Keys);

    [Fact]
    public void The_argument_list_of_either_DataKit_is_accepted()
    {
        string[] earlier =
        [
            "--datakit-apiserver", "0.0.0.0:9529", "--enabled", "ebpf-net,ebpf-bash", "--hostname", "h", "--l7net-enabled", "httpflow",
            "--ipv6-disabled", "true", "--ephemeral_port", "10001", "--interval", "60s", "--tags", "a=b;c=d",
        ];
        string[] later =
        [
            "run", "--enabled", "ebpf-net,ebpf-trace", "--pprof-host", "127.0.0.1", "--pprof-port", "6061", "--res-cpu", "2.0", "--res-mem", "4GiB",
            "--res-net", "100MiB/s", "--res-bandwidth", "1MiB/s", "--trace-server", "http://t:9529", "--trace-allprocess", "--conv-to-ddtrace",
            "--trace-env-list", "A,B", "--trace-env-blacklist", "C", "--trace-name-list", "n", "--trace-name-blacklist", "m", "--trace-protos", "http",
            "--trace-protos-blacklist", "dns", "--netlog-metric", "--netlog-log", "--netlog-protocols", "http", "--sampling-rate", "0.5",
            "--sampling-rate-ptsperminute", "1500", "--container-endpoints", "unix:///run/x.sock", "--ipv6-disabled", "--service", "s", "--log-level", "debug",
        ];

        Assert.Equal("h", Reading.Options(flags: earlier).Host.HostTag);
        var options = Reading.Options(flags: later);
        Assert.Equal("s", options.Host.Service);
        Assert.Superset(new HashSet<string>(["--trace-server", "--netlog-log", "--trace-allprocess", "--container-endpoints"]), options.Ignored.ToHashSet());
    }

    [Fact]
    public void A_switch_of_a_missing_feature_that_is_off_is_not_worth_a_word() =>
        Assert.DoesNotContain("--netlog-log", Reading.Options(flags: ["--netlog-log", "false"]).Ignored);

    [Fact]
    public void A_value_may_be_the_name_of_a_command() =>
        Assert.Equal("status", Reading.Options(flags: ["run", "--hostname", "status"]).Host.HostTag);

    [Fact]
    public void An_unknown_flag_comes_with_what_may_have_been_meant() =>
        Assert.Contains(
            "Unrecognized command or argument '--hostnam'; did you mean --hostname?",
            FlagReader.Read(["--hostnam", "x"], flag => new Source(SourceKind.Flag, flag)).Errors);
}
