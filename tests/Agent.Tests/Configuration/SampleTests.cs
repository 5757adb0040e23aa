using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Tests.Configuration;

public sealed class SampleTests
{
    [Theory]
    [InlineData("page.conf")]
    [InlineData("ebpf.conf.sample")]
    public void A_sample_is_read_without_problems_and_means_the_defaults(string name)
    {
        var fromSample = Reading.Options(Reading.Sample(name));

        Assert.Empty(fromSample.Warnings);
        Assert.Equal(Reading.Options().Net, fromSample.Net);
        Assert.Equal(Reading.Options().Plugins.Enabled, fromSample.Plugins.Enabled);
        Assert.Equal(new Uri("http://127.0.0.1:9529"), fromSample.DataKit.ApiServer);
    }

    [Fact]
    public void Every_line_that_the_shipped_sample_has_commented_out_is_right_as_well()
    {
        var lines = Reading.Sample("ebpf.conf.sample").Split('\n').TakeWhile(l => !l.StartsWith("####", StringComparison.Ordinal));
        var active = lines.Select(l => l.TrimStart().StartsWith("# ", StringComparison.Ordinal) ? l.TrimStart()[2..] : l);

        var options = Reading.Options(string.Join('\n', active));

        Assert.Equal(10001, options.Net.EphemeralPort);
        Assert.Equal("some_value", options.Host.Tags["some_tag"]);
    }

    [Fact]
    public void The_shipped_sample_names_every_key_that_has_an_effect()
    {
        var sample = Reading.Sample("ebpf.conf.sample");

        Assert.All(
            AgentSettings.All.Where(s => s.InInputFile && s.Key is not ("l7net_disabled" or "workload_labels" or "workload_label_prefix")),
            setting => Assert.Contains($"{setting.Key} =", sample, StringComparison.Ordinal));
    }

    [Fact]
    public void The_later_generations_file_starts_this_agent()
    {
        var options = Reading.Options(Reading.Sample("collector.toml"));

        Assert.Equal(new Uri("https://10.0.0.1:9529"), options.DataKit.ApiServer);
        Assert.Equal("node-1", options.Host.HostTag);
        Assert.Equal(TimeSpan.FromMinutes(2), options.Net.Interval);
        Assert.Equal(32768, options.Net.EphemeralPort);
        Assert.True(options.Net.IPv6Disabled);
        Assert.Equal("secret-token", options.Kubernetes.BearerToken);
        Assert.Equal([PluginNames.Net], options.Plugins.Enabled);
        Assert.Contains("resource_limit.limit_cpu", options.Ignored);
        Assert.Contains("plugin ebpf-trace", options.Ignored);
        Assert.DoesNotContain("ebpf_trace.trace_server", options.Ignored);
        Assert.DoesNotContain("bpf_netlog.enable_metric", options.Ignored);
    }
}
