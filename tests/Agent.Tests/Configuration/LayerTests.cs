using EbpfActors.Agent.Configuration;

namespace EbpfActors.Agent.Tests.Configuration;

public sealed class LayerTests
{
    private const string File = """
        [[inputs.ebpf]]
          args = ["--interval", "11s", "--service", "from-args", "--tags", "a=args;b=args"]
          envs = ["ENV_INPUT_EBPF_EPHEMERAL_PORT=200", "HOST_PROC=/rootfs/proc", "K8S_URL=https://envs:443"]
          interval = "12s"
          ephemeral_port = 100
          [inputs.ebpf.tags]
            a = "table"
        """;

    [Fact]
    public void A_flag_wins_over_the_environment_over_the_file_over_the_default()
    {
        var environment = new Dictionary<string, string> { ["ENV_INPUT_EBPF_INTERVAL"] = "13s" };

        Assert.Equal(TimeSpan.FromSeconds(14), Reading.Options(File, ["--interval", "14s"], environment).Net.Interval);
        Assert.Equal(TimeSpan.FromSeconds(13), Reading.Options(File, [], environment).Net.Interval);
        Assert.Equal(TimeSpan.FromSeconds(12), Reading.Options(File).Net.Interval);
        Assert.Equal(TimeSpan.FromSeconds(60), Reading.Options().Net.Interval);
    }

    [Fact]
    public void Keys_of_a_file_win_over_its_args_and_its_envs_win_over_its_keys()
    {
        var options = Reading.Options(File);

        Assert.Equal(200, options.Net.EphemeralPort);
        Assert.Equal("from-args", options.Host.Service);
        Assert.Equal("/rootfs/proc", options.Host.Proc);
        Assert.Equal(new Uri("https://envs"), options.Kubernetes.ApiServer);
    }

    [Fact]
    public void The_environment_of_the_process_wins_over_envs_of_the_file()
    {
        var options = Reading.Options(File, environment: new() { ["HOST_PROC"] = "/host/proc" });

        Assert.Equal("/host/proc", options.Host.Proc);
    }

    [Fact]
    public void Tags_of_all_layers_add_up_and_the_strongest_layer_wins_for_one_key()
    {
        var options = Reading.Options(File, ["--tags", "c=flag,d=flag", "--tags", "d=again"]);

        Assert.Equal("a=table b=args c=flag d=again", string.Join(' ', options.Host.Tags.Select(t => $"{t.Key}={t.Value}")));
    }

    [Fact]
    public void Every_effective_value_names_its_source()
    {
        var result = Reading.Of(File, ["--udp-idle-timeout", "5s"], new() { ["ENV_INPUT_EBPF_IPV6_DISABLED"] = "yes" });

        var sources = result.Effective.ToDictionary(v => v.Key, v => v.Source.ToString());
        Assert.Equal("flag --udp-idle-timeout", sources["udp_idle_timeout"]);
        Assert.Equal("env ENV_INPUT_EBPF_IPV6_DISABLED", sources["ipv6_disabled"]);
        Assert.Equal("file inputs.ebpf.interval (line 4)", sources["interval"]);
        Assert.Equal("file inputs.ebpf.args --service (line 2)", sources["service"]);
        Assert.Equal("file inputs.ebpf.envs HOST_PROC (line 3)", sources["host_proc"]);
        Assert.Equal("default", sources["max_connections"]);
    }

    [Fact]
    public void A_secret_is_masked()
    {
        var result = Reading.Of("[[inputs.ebpf]]\nbearer_token_string = \"very-secret\"");

        Assert.Equal("very-secret", result.Options!.Kubernetes.BearerToken);
        Assert.Equal("********", result.Effective.Single(v => v.Key == "bearer_token_string").Value);
        Assert.DoesNotContain("very-secret", result.Options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("f", false)]
    [InlineData("False", false)]
    [InlineData("0", false)]
    [InlineData("no", true)]
    [InlineData("true", true)]
    public void A_boolean_variable_is_true_unless_it_is_one_of_the_words_for_false(string text, bool disabled) =>
        Assert.Equal(disabled, Reading.Options(environment: new() { ["ENV_INPUT_EBPF_IPV6_DISABLED"] = text }).Net.IPv6Disabled);

    [Fact]
    public void An_unknown_variable_of_this_input_is_a_warning() =>
        Assert.Equal(
            ["variable ENV_INPUT_EBPF_INTERVALL is not known; did you mean ENV_INPUT_EBPF_INTERVAL?"],
            Reading.Options(environment: new() { ["ENV_INPUT_EBPF_INTERVALL"] = "60s", ["ENV_INPUT_CPU_INTERVAL"] = "60s" }).Warnings);

    [Fact]
    public void Variables_of_the_later_generation_win_over_those_of_the_earlier_one()
    {
        var options = Reading.Options(environment: new()
        {
            ["K8S_BEARER_TOKEN_STRING"] = "old",
            ["DKE_K8S_BEARER_TOKEN"] = "new",
            ["K8S_BEARER_TOKEN_PATH"] = "/old",
            ["DKE_K8S_WORKLOAD_LABELS"] = "app, tier",
        });

        Assert.Equal("new", options.Kubernetes.BearerToken);
        Assert.Equal("/old", options.Kubernetes.BearerTokenPath);
        Assert.Equal(["app", "tier"], options.Kubernetes.WorkloadLabels);
    }

    [Fact]
    public void Defaults_follow_DataKits_folder_where_it_exists()
    {
        var installed = Reading.Of(dataKitInstalled: true).Options!;
        var alone = Reading.Of(dataKitInstalled: false).Options!;

        Assert.Equal("/usr/local/datakit/externals/datakit-ebpf.pid", installed.Process.PidFile);
        Assert.Equal("/usr/local/datakit/externals/datakit-ebpf.log", installed.Log.Target);
        Assert.Equal("/run/ebpf-actors.pid", alone.Process.PidFile);
        Assert.Equal(new LogOptions("stderr", "info", Chosen: false), alone.Log);
    }
}
