using EbpfActors.Agent.Configuration;

namespace EbpfActors.Agent.Tests.Configuration;

public sealed class OptionsTests
{
    [Fact]
    public void Without_any_layer_the_defaults_of_the_reference_hold()
    {
        var options = Reading.Options();

        Assert.Equal(new Uri("http://127.0.0.1:9529"), options.DataKit.ApiServer);
        Assert.Equal([PluginNames.Net], options.Plugins.Enabled);
        Assert.Equal([new OutputTarget(OutputKind.DataKit)], options.Output.Targets);
        Assert.Equal(256 << 20, options.Output.SpoolBytes);
        Assert.Equal(0, options.Net.EphemeralPort);
        Assert.Equal(65536, options.Net.MaxConnections);
        Assert.Equal((1024, 1000, 20000), (options.Net.HttpPathLength, options.Net.HttpPathsPerFlow, options.Net.HttpPathsTotal));
        Assert.Equal(TimeSpan.FromSeconds(60), options.Net.UdpIdleTimeout);
        Assert.Equal([(ushort)53], options.Dns.Ports);
        Assert.Equal((TimeSpan.FromSeconds(6), false), (options.Dns.Timeout, options.Dns.QueryTags));
        Assert.Equal("ebpf", options.Host.Service);
        Assert.Empty(options.Warnings);
    }

    [Theory]
    [InlineData("0.0.0.0:9529", "http://127.0.0.1:9529/")]
    [InlineData("https://0.0.0.0:9529", "https://127.0.0.1:9529/")]
    [InlineData("[::]:9529", "http://[::1]:9529/")]
    [InlineData("datakit:9529", "http://datakit:9529/")]
    [InlineData("https://datakit.example", "https://datakit.example/")]
    public void DataKits_address_gets_a_scheme_and_any_address_means_this_machine(string given, string effective) =>
        Assert.Equal(effective, Reading.Options(flags: ["--datakit-apiserver", given]).DataKit.ApiServer.ToString());

    [Fact]
    public void The_host_tag_comes_from_hostname_then_the_tag_then_the_machine()
    {
        Assert.Equal("flag", Reading.Options(flags: ["--hostname", "flag", "--tags", "host=tag"]).Host.HostTag);
        Assert.Equal("tag", Reading.Options(flags: ["--tags", "host=tag"]).Host.HostTag);
        Assert.Equal("machine", Reading.Options().Host.HostTag);
        Assert.Equal("no-value", Reading.Of(machine: "").Options!.Host.HostTag);
    }

    [Fact]
    public void The_host_tag_is_not_among_the_other_tags() =>
        Assert.Equal(["env"], Reading.Options(flags: ["--tags", "host=tag;env=prod"]).Host.Tags.Keys);

    [Fact]
    public void A_tag_that_the_collector_computes_is_a_warning() =>
        Assert.Equal(
            ["tag direction is computed by the collector; the configured value is used only where it computes none"],
            Reading.Options(flags: ["--tags", "direction=1"]).Warnings);

    [Fact]
    public void A_tag_that_would_cost_a_field_is_a_warning_that_names_it_and_where_it_is_left_out() =>
        Assert.Equal(
            ["tag count is left out of httpflow, dnsflow: a field has that name, which DataKit would drop"],
            Reading.Options(flags: ["--tags", "count=1;zone=a"]).Warnings);

    [Fact]
    public void A_setting_below_the_tags_table_is_a_warning()
    {
        var options = Reading.Options("[[inputs.ebpf]]\n[inputs.ebpf.tags]\ninterval = \"10s\"");

        Assert.Contains("move it above that line", Assert.Single(options.Warnings), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(60), options.Net.Interval);
    }

    [Fact]
    public void A_short_interval_is_a_warning() =>
        Assert.Equal(
            ["interval 5s (flag --interval) is below 10s: many small reports, more work for DataKit"],
            Reading.Options(flags: ["--interval", "5s"]).Warnings);

    [Theory]
    [InlineData("", "httpflow")]
    [InlineData("l7net_enabled = [\"httpflow-tls\"]", "httpflow-tls")]
    [InlineData("l7net_enabled = []", "")]
    [InlineData("l7net_disabled = [\"httpflow\"]", "httpflow-tls")]
    [InlineData("l7net_enabled = [\"httpflow\"]\nl7net_disabled = [\"httpflow\"]", "httpflow")]
    [InlineData("enabled_plugins = [\"ebpf-bash\"]", "")]
    public void The_layer_7_lists_decide_as_in_the_reference(string lines, string expected)
    {
        var options = Reading.Options($"[[inputs.ebpf]]\n{lines}");

        var asked = options.Plugins.Layer7.Concat(options.Ignored.Select(i => i.Replace("plugin ", "", StringComparison.Ordinal)));
        Assert.Equal(expected, string.Join(',', asked.Where(PluginNames.Layer7.Contains)));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("l7net_enabled = [\"httpflow-tls\"]", false)]
    [InlineData("l7net_disabled = [\"httpflow\"]", false)]
    [InlineData("enabled_plugins = [\"ebpf-bash\"]", false)]
    public void Httpflow_runs_when_it_and_its_plugin_are_enabled(string lines, bool expected)
    {
        var options = Reading.Options($"[[inputs.ebpf]]\n{lines}");

        Assert.Equal(expected, options.Plugins.Has(PluginNames.HttpFlow));
        Assert.DoesNotContain("plugin httpflow", options.Ignored);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("l7net_enabled = [\"httpflow\", \"httpflow-tls\"]", true)]
    [InlineData("l7net_disabled = [\"httpflow\"]", true)]
    public void Httpflow_tls_runs_when_it_is_asked_for(string lines, bool expected) =>
        Assert.Equal(expected, Reading.Options($"[[inputs.ebpf]]\n{lines}").Plugins.Has(PluginNames.HttpFlowTls));

    [Fact]
    public void Flags_bound_the_paths()
    {
        var net = Reading.Options(flags: ["--http-path-length", "64", "--http-paths-per-flow", "5", "--http-paths-total", "6"]).Net;

        Assert.Equal((64, 5, 6), (net.HttpPathLength, net.HttpPathsPerFlow, net.HttpPathsTotal));
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("tls_exclude = [\"/opt/x/*\", \"*/libssl.so.1.1\"]", new[] { "/opt/x/*", "*/libssl.so.1.1" })]
    public void Files_may_be_left_out_of_TLS_capture(string line, string[] expected) =>
        Assert.Equal(expected, Reading.Options($"[[inputs.ebpf]]\n{line}").TlsExclude);

    [Theory]
    [InlineData("dns_ports = [\"53\", \"5353\", \"53\"]", new[] { 53, 5353 })]
    [InlineData("dns_ports = []", new int[0])]
    public void The_ports_of_DNS_are_a_list_and_an_empty_one_means_none(string line, int[] expected) =>
        Assert.Equal(expected, Reading.Options($"[[inputs.ebpf]]\n{line}").Dns.Ports.Select(p => (int)p));

    [Fact]
    public void Flags_say_how_DNS_is_read_and_how_long_names_are_good()
    {
        var dns = Reading.Options(flags:
        [
            "--dns-ports", "53,5300", "--dns-timeout", "2s", "--dns-query-tags", "--dns-names-per-flow", "3", "--dns-names-total", "4", "--domain-ttl-min", "0s",
            "--domain-ttl-max", "1h", "--domain-table-size", "100",
        ]).Dns;

        Assert.Equal([53, 5300], dns.Ports.Select(p => (int)p));
        Assert.Equal((TimeSpan.FromSeconds(2), true, 3, 4), (dns.Timeout, dns.QueryTags, dns.NamesPerFlow, dns.NamesTotal));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromHours(1), 100), (dns.MinTimeToLive, dns.MaxTimeToLive, dns.MaxAddresses));
    }

    [Fact]
    public void A_stronger_layer_that_disables_wins_over_a_weaker_one_that_enables()
    {
        var options = Reading.Options("[[inputs.ebpf]]\nl7net_enabled = [\"httpflow\"]", ["--l7net-disabled", "httpflow,httpflow-tls"]);

        Assert.DoesNotContain("plugin httpflow", options.Ignored);
    }

    [Fact]
    public void An_empty_list_of_plugins_means_the_default() =>
        Assert.Equal([PluginNames.Net], Reading.Options("[[inputs.ebpf]]\nenabled_plugins = []").Plugins.Enabled);

    [Fact]
    public void Plugins_that_this_version_cannot_run_are_ignored_by_name()
    {
        var asked = PluginNames.Plugins.Concat(PluginNames.OfLaterGeneration);

        var options = Reading.Options(flags: ["--enabled", string.Join(',', asked)]);

        Assert.All(options.Plugins.Enabled, p => Assert.DoesNotContain(p, PluginNames.NotImplementedPlugins));
        Assert.All(asked.Where(PluginNames.NotImplementedPlugins.Contains), p => Assert.Contains($"plugin {p}", options.Ignored));
    }

    [Fact]
    public void Nothing_to_run_is_a_warning_and_not_an_error() =>
        Assert.StartsWith("nothing to collect", Assert.Single(Reading.Options(flags: ["--enabled", "ebpf-trace"]).Warnings), StringComparison.Ordinal);

    [Fact]
    public void Outputs_are_repeatable_and_comma_separated() =>
        Assert.Equal(
            [new OutputTarget(OutputKind.DataKit), new OutputTarget(OutputKind.Table), new OutputTarget(OutputKind.File, "/tmp/a:b")],
            Reading.Options(flags: ["--output", "datakit,table", "--output", "file:/tmp/a:b", "--output", "datakit"]).Output.Targets);

    [Theory]
    [InlineData(long.MaxValue, 65_536)]
    [InlineData(512L << 20, 65_536)]
    [InlineData(256L << 20, 53_657)]
    [InlineData(150L << 20, 10_240)]
    [InlineData(64L << 20, 1_024)]
    public void Tables_follow_the_memory_that_the_control_group_allows(long limit, int connections)
    {
        var options = Reading.Of(memoryLimit: limit).Options!;

        Assert.Equal(connections, options.Net.MaxConnections);
        Assert.Equal(connections < 65_536, options.Warnings.Any(w => w.StartsWith($"max_connections is {connections}, not 65536: the control group allows ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Little_memory_makes_rings_and_tables_of_a_fixed_size_smaller()
    {
        var (little, much) = (Reading.Of(memoryLimit: 150L << 20).Options!.Net, Reading.Of(memoryLimit: 512L << 20).Options!.Net);

        Assert.Equal((1 << 20, 4_096), (little.RingBytes, little.MaxTlsSessions));
        Assert.Equal((4 << 20, 16_384), (much.RingBytes, much.MaxTlsSessions));
    }
}
