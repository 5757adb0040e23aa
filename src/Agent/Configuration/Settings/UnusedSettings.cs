using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>
/// Names that both generations of the reference know and that have no effect here: a configuration written for them must
/// start this agent. What is given under such a name is listed as ignored.
/// </summary>
internal static class UnusedSettings
{
    /// <summary>Keys that speak to DataKit, which starts the process; nothing to ignore.</summary>
    public static readonly ImmutableArray<Setting> ForSupervisor =
    [
        new("daemon", TomlShape.Boolean) { Unused = true, Example = "true" },
        new("election", TomlShape.Boolean) { Unused = true, Example = "false" },
        new("name", TomlShape.Text) { Unused = true, Example = "\"ebpf\"" },
        new("cmd", TomlShape.Text) { Unused = true, Example = "\"/usr/local/datakit/externals/datakit-ebpf\"" },
    ];

    public static readonly ImmutableArray<Setting> OfOtherFeatures =
    [
        Value("pprof_host", "--pprof-host", "ENV_INPUT_EBPF_PPROF_HOST"),
        Value("pprof_port", "--pprof-port", "ENV_INPUT_EBPF_PPROF_PORT"),
        Value("cpu_limit", "--res-cpu", "ENV_INPUT_EBPF_CPU_LIMIT", "resource_limit.limit_cpu"),
        Value("mem_limit", "--res-mem", "ENV_INPUT_EBPF_MEM_LIMIT", "resource_limit.limit_mem"),
        // DataKit sends --res-net, the collector of the same generation reads --res-bandwidth.
        Value("net_limit", "--res-bandwidth", "ENV_INPUT_EBPF_NET_LIMIT", "resource_limit.limit_bandwidth") with
        {
            Flags = ["--res-bandwidth", "--res-net"],
        },
        Value("trace_server", "--trace-server", "ENV_INPUT_EBPF_TRACE_SERVER", "ebpf_trace.trace_server"),
        Switch("trace_all_process", "--trace-allprocess", "", "ebpf_trace.trace_all_proc"),
        Switch("conv_to_ddtrace", "--conv-to-ddtrace", "ENV_INPUT_EBPF_CONV_TO_DDTRACE", "ebpf_trace.conv_trace_to_dd"),
        Value("trace_env_list", "--trace-env-list", "ENV_INPUT_EBPF_TRACE_ENV_LIST", "ebpf_trace.trace_env_list"),
        Value("trace_env_blacklist", "--trace-env-blacklist", "ENV_INPUT_EBPF_TRACE_ENV_BLACKLIST", "ebpf_trace.trace_env_blacklist"),
        Value("trace_name_list", "--trace-name-list", "ENV_INPUT_EBPF_TRACE_NAME_LIST", "ebpf_trace.trace_name_list"),
        Value("trace_name_blacklist", "--trace-name-blacklist", "ENV_INPUT_EBPF_TRACE_NAME_BLACKLIST", "ebpf_trace.trace_name_blacklist"),
        Value("trace_protos", "--trace-protos", "", "ebpf_trace.trace_proto_list") with { InInputFile = false },
        Value("trace_protos_blacklist", "--trace-protos-blacklist", "", "ebpf_trace.trace_proto_blacklist") with { InInputFile = false },
        Value("sampling_rate", "--sampling-rate", "ENV_INPUT_EBPF_SAMPLING_RATE", "sampling.rate"),
        Value(
            "sampling_rate_pts_per_min", "--sampling-rate-ptsperminute", "ENV_INPUT_EBPF_SAMPLING_RATE_PTSPERMIN",
            "sampling.rate_pts_per_min"),
        Switch("netlog_metric", "--netlog-metric", "ENV_INPUT_EBPF_NETLOG_METRIC", "bpf_netlog.enable_metric") with
        {
            Environment = ["ENV_INPUT_EBPF_NETLOG_METRIC", "ENV_NETLOG_METRIC"],
        },
        Switch("netlog_log", "--netlog-log", "ENV_INPUT_EBPF_NETLOG_LOG", "bpf_netlog.enable_log") with
        {
            Environment = ["ENV_INPUT_EBPF_NETLOG_LOG", "ENV_NETLOG_LOG"],
        },
        Switch("netlog_metric_only", "", "") with { Environment = ["ENV_INPUT_EBPF_NETLOG_METRIC_ONLY", "ENV_NETLOG_METRIC_ONLY"] },
        Value("netlog_protocols", "--netlog-protocols", "", "bpf_netlog.l7log_protocols") with { InInputFile = false },
        Value("netlog_blacklist", "", "", "bpf_netlog.net_filter") with
        {
            Environment = ["DKE_NETLOG_NET_FILTER", "ENV_INPUT_EBPF_NETLOG_BLACKLIST", "ENV_NETLOG_BLACKLIST"],
        },
        Value("container_endpoints", "--container-endpoints", "", "container_info.endpoints") with { InInputFile = false },
    ];

    private static Setting Value(string key, string flag, string variable, string collectorKey = "") =>
        Named(new Setting(key, TomlShape.Any) { Unused = true }, flag, variable, collectorKey);

    private static Setting Switch(string key, string flag, string variable, string collectorKey = "") =>
        Named(new Setting(key, TomlShape.Boolean) { Unused = true, Example = "true" }, flag, variable, collectorKey);

    private static Setting Named(Setting setting, string flag, string variable, string collectorKey) => setting with
    {
        Flags = flag.Length > 0 ? [flag] : [],
        Environment = variable.Length > 0 ? [variable] : [],
        CollectorKeys = collectorKey.Length > 0 ? [collectorKey] : [],
    };
}
