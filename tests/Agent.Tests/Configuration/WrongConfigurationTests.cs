using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.Tests.Configuration;

public sealed class WrongConfigurationTests
{
    public static TheoryData<string, string> WrongInputs => new()
    {
        { "interval = \"abc\"", "inputs.ebpf.interval: \"abc\" is not a duration; use for example 60s, 5m (line 2)" },
        { "interval = \"60\"", "inputs.ebpf.interval: \"60\" is not a duration; use for example 60s, 5m (line 2)" },
        { "interval = \"500ms\"", "inputs.ebpf.interval: \"500ms\" is out of range; use 1s to 30m (line 2)" },
        { "interval = \"31m\"", "inputs.ebpf.interval: \"31m\" is out of range; use 1s to 30m (line 2)" },
        { "interval = 60", "inputs.ebpf.interval: must be a string, for example \"60s\"; found an integer 60 (line 2)" },
        { "intervall = \"60s\"", "inputs.ebpf.intervall: unknown key; did you mean interval? (line 2)" },
        { "colour = \"red\"", "inputs.ebpf.colour: unknown key (line 2)" },
        { "enabled_plugins = [\"ebpf-nett\"]", "inputs.ebpf.enabled_plugins: \"ebpf-nett\" is not a plugin; did you mean ebpf-net? (line 2)" },
        {
            "enabled_plugins = [\"cpu\"]",
            "inputs.ebpf.enabled_plugins: \"cpu\" is not a plugin; use ebpf-net, ebpf-bash, ebpf-conntrack, ebpf-trace, bpf-netlog (line 2)"
        },
        { "enabled_plugins = \"ebpf-net\"", "inputs.ebpf.enabled_plugins: must be a list of strings, for example [\"ebpf-net\"]; found a string \"ebpf-net\" (line 2)" },
        { "enabled_plugins = [1, 2]", "inputs.ebpf.enabled_plugins: must be a list of strings, for example [\"ebpf-net\"]; found a list with other values [1, 2] (line 2)" },
        { "l7net_enabled = [\"htttpflow\"]", "inputs.ebpf.l7net_enabled: \"htttpflow\" is not a layer 7 plugin; did you mean httpflow? (line 2)" },
        { "l7net_disabled = [\"grpc\"]", "inputs.ebpf.l7net_disabled: \"grpc\" is not a layer 7 plugin; use httpflow, httpflow-tls (line 2)" },
        { "ipv6_disabled = \"true\"", "inputs.ebpf.ipv6_disabled: must be a boolean, for example true; found a string \"true\" (line 2)" },
        { "ephemeral_port = 70000", "inputs.ebpf.ephemeral_port: 70000 is out of range; use -1 to 65535 (line 2)" },
        { "ephemeral_port = \"10001\"", "inputs.ebpf.ephemeral_port: must be an integer, for example 10001; found a string \"10001\" (line 2)" },
        { "output = [\"kafka\"]", "inputs.ebpf.output: \"kafka\" is not an output; use datakit, stdout, table, file:PATH (line 2)" },
        { "output = [\"file:\"]", "inputs.ebpf.output: \"file:\" has no path; write for example file:/tmp/points.txt (line 2)" },
        { "spool_size = \"256\"", "inputs.ebpf.spool_size: \"256\" is not a size; use for example 256MiB, 2GB (line 2)" },
        { "spool_size = \"1KB\"", "inputs.ebpf.spool_size: \"1KB\" is too small; use 1MiB or more (line 2)" },
        { "udp_idle_timeout = \"0s\"", "inputs.ebpf.udp_idle_timeout: \"0s\" is out of range; use 1s to 6h (line 2)" },
        { "max_connections = 1", "inputs.ebpf.max_connections: 1 is out of range; use 16 to 4194304 (line 2)" },
        { "http_path_length = 63", "inputs.ebpf.http_path_length: 63 is out of range; use 64 to 4096 (line 2)" },
        { "http_paths_per_flow = 0", "inputs.ebpf.http_paths_per_flow: 0 is out of range; use 1 to 1000000 (line 2)" },
        { "http_paths_total = 10000001", "inputs.ebpf.http_paths_total: 10000001 is out of range; use 1 to 10000000 (line 2)" },
        { "tls_exclude = [\"libssl.so.3\"]", "inputs.ebpf.tls_exclude: \"libssl.so.3\" is no pattern of a whole path; begin it with / or * (line 2)" },
        { "without_hooks = [\"tcp-sate\"]", "inputs.ebpf.without_hooks: \"tcp-sate\" is not a hook; did you mean tcp-state? (line 2)" },
        { "without_hooks = [\"sweep:sycall\"]", "inputs.ebpf.without_hooks: \"sweep:sycall\" is not a rung of sweep; did you mean sweep:syscall? (line 2)" },
        {
            "without_hooks = [\"nat-events:ebpf\"]",
            "inputs.ebpf.without_hooks: \"nat-events:ebpf\" is not a rung of nat-events; use nat-events:fentry, nat-events:kprobe, nat-events:netlink (line 2)"
        },
        {
            "without_hooks = [\"x\"]",
            $"inputs.ebpf.without_hooks: \"x\" is not a hook; use {string.Join(", ", HookCatalogue.All.Select(h => h.Name))} (line 2)"
        },
        { "dns_ports = [\"0\"]", "inputs.ebpf.dns_ports: \"0\" is not a port; use 1 to 65535 (line 2)" },
        { "dns_ports = [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\"]", "inputs.ebpf.dns_ports: has 9 ports; 8 are possible (line 2)" },
        { "dns_timeout = \"99ms\"", "inputs.ebpf.dns_timeout: \"99ms\" is out of range; use 100ms to 1m (line 2)" },
        { "domain_ttl_min = \"48h\"", "inputs.ebpf.domain_ttl_min: 48h is more than domain_ttl_max, 24h (line 2)" },
        { "domain_table_size = 1", "inputs.ebpf.domain_table_size: 1 is out of range; use 16 to 4194304 (line 2)" },
        { "log_level = \"loud\"", "inputs.ebpf.log_level: \"loud\" is not known; use trace, debug, info, warn, error (line 2)" },
        { "kubernetes_url = \"ftp://k8s\"", "inputs.ebpf.kubernetes_url: \"ftp://k8s\" is not an address; use for example https://kubernetes.default:443 (line 2)" },
        { "args = [\"--intervall\", \"5s\"]", "inputs.ebpf.args: Unrecognized command or argument '--intervall'; did you mean --interval? (line 2)" },
        { "args = [\"--tags\", \"a=b;c\"]", "inputs.ebpf.args --tags: \"c\" is not a tag; write key=value (line 2)" },
        {
            "args = [\"--datakit-apiserver\", \"host:99999\"]",
            "inputs.ebpf.args --datakit-apiserver: \"host:99999\" is not an address; use for example 127.0.0.1:9529, https://datakit.example:9529 (line 2)"
        },
        { "args = \"--interval 5s\"", "inputs.ebpf.args: must be a list of strings, for example [\"--datakit-apiserver\", \"0.0.0.0:9529\"]; found a string \"--interval 5s\" (line 2)" },
        { "envs = [\"HOST_PROC\"]", "inputs.ebpf.envs: \"HOST_PROC\" is not a variable; write KEY=VALUE (line 2)" },
        { "envs = [\"ENV_INPUT_EBPF_INTERVAL=fast\"]", "inputs.ebpf.envs ENV_INPUT_EBPF_INTERVAL: \"fast\" is not a duration; use for example 60s, 5m (line 2)" },
        { "[inputs.ebpf.tags]\n zone = 1", "inputs.ebpf.tags.zone: must be a string, for example \"value\"; found an integer 1 (line 3)" },
        { "[inputs.ebpf.tag]\n zone = \"a\"", "inputs.ebpf.tag.zone: unknown key; did you mean tags? (line 3)" },
        { "[[inputs.ebpf]]", "inputs.ebpf: 2 entries, but only one collector can run; remove the others (line 2)" },
        { "[[inputs.cpu]]\n interval = \"10s\"", "inputs.cpu.interval: unknown key; only [[inputs.ebpf]] is read here (line 3)" },
        { "interval = ", "ebpf.conf: Unexpected token end-of-line found while expecting a value (line 2)" },
        { "name = 'a'\nname = 'b'", "ebpf.conf: The key `inputs.ebpf.name` is already defined at (2,1) with `name = 'a'` and cannot be redefined (line 3)" },
        { "log = \"stdout\"\noutput = [\"table\"]", "inputs.ebpf.log: stdout carries the points or the table; use stderr or a path (line 2)" },
    };

    public static TheoryData<string, string> WrongCollectorFiles => new()
    {
        { "datakit_api = \"not an address\"", "datakit_api: \"not an address\" is not an address; use for example 127.0.0.1:9529, https://datakit.example:9529 (line 1)" },
        { "tags = [\"a\"]", "tags: \"a\" is not a tag; write key=value (line 1)" },
        { "[ebpf_net]\nephemeral_port = 65536", "ebpf_net.ephemeral_port: 65536 is out of range; use -1 to 65535 (line 2)" },
        { "[ebpf_net]\nephemeral_prot = 1", "ebpf_net.ephemeral_prot: unknown key; did you mean ebpf_net.ephemeral_port? (line 2)" },
        { "interval = true", "interval: must be a string, for example \"60s\"; found a boolean true (line 1)" },
    };

    [Theory]
    [MemberData(nameof(WrongInputs))]
    public void A_wrong_input_is_named_with_its_key_and_line(string lines, string problem)
    {
        var result = Reading.Of($"[[inputs.ebpf]]\n{lines}\n");

        Assert.Contains(problem, result.Problems.Select(p => p.ToString()));
        Assert.Null(result.Options);
    }

    [Theory]
    [MemberData(nameof(WrongCollectorFiles))]
    public void A_wrong_collector_file_is_named_with_its_key_and_line(string lines, string problem)
    {
        var result = Reading.Of(lines);

        Assert.Equal([problem], result.Problems.Select(p => p.ToString()));
    }

    [Fact]
    public void A_table_where_an_array_of_tables_belongs_is_a_problem()
    {
        var result = Reading.Of("[inputs.ebpf]\ninterval = \"60s\"");

        Assert.Equal(["inputs.ebpf: is a table; write [[inputs.ebpf]] (line 1)"], result.Problems.Select(p => p.ToString()));
    }

    [Fact]
    public void All_problems_of_all_layers_are_listed_at_once()
    {
        var result = Reading.Of(
            "[[inputs.ebpf]]\ninterval = \"x\"\nephemeral_port = -2\n",
            ["--interval", "y", "--spool-size", "z"],
            new() { ["ENV_INPUT_EBPF_EPHEMERAL_PORT"] = "many" });

        Assert.Equal(
            [
                "--spool-size: \"z\" is not a size; use for example 256MiB, 2GB",
                "--interval: \"y\" is not a duration; use for example 60s, 5m",
                "ENV_INPUT_EBPF_EPHEMERAL_PORT: \"many\" is not a whole number",
                "inputs.ebpf.interval: \"x\" is not a duration; use for example 60s, 5m (line 2)",
                "inputs.ebpf.ephemeral_port: -2 is out of range; use -1 to 65535 (line 3)",
            ],
            result.Problems.Select(p => p.ToString()));
    }

    [Fact]
    public void A_blank_in_a_list_of_a_variable_is_part_of_the_name()
    {
        var result = Reading.Of(environment: new() { ["ENV_INPUT_EBPF_ENABLED_PLUGINS"] = "ebpf-net, ebpf-bash" });

        Assert.Equal(
            ["ENV_INPUT_EBPF_ENABLED_PLUGINS: \" ebpf-bash\" is not a plugin; did you mean ebpf-bash?"], result.Problems.Select(p => p.ToString()));
    }
}
