using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>The settings of the process itself and of its surroundings. Defaults that depend on the machine are not here.</summary>
internal static class ProcessSettings
{
    public static readonly Setting<string> SpoolFolder = new("spool_dir", TomlShape.Text, Texts.Any)
    {
        Flags = ["--spool-dir"],
        ValueName = "FOLDER",
        Help = "Where points wait while DataKit is away.",
        Example = "\"/var/lib/ebpf-actors/spool\"",
    };

    public static readonly Setting<long> SpoolSize = new("spool_size", TomlShape.Text, ByteSizes.AtLeast(1 << 20))
    {
        Flags = ["--spool-size"],
        ValueName = "SIZE",
        Help = "How much of them is kept, for example 256MiB.",
        Default = ["256MiB"],
        Example = "\"256MiB\"",
    };

    public static readonly Setting<string> Log = new("log", TomlShape.Text, Texts.Any)
    {
        Flags = ["--log"],
        ValueName = "TARGET",
        Help = "The agent's own log: stderr, stdout or a path.",
        Example = "\"stderr\"",
    };

    public static readonly Setting<string> LogLevel =
        new("log_level", TomlShape.Text, Texts.OneOf("trace", "debug", "info", "warn", "error"))
        {
            Flags = ["--log-level"],
            ValueName = "LEVEL",
            Help = "trace, debug, info, warn or error.",
            Default = ["info"],
            Example = "\"info\"",
        };

    public static readonly Setting<string> PidFile = new("pidfile", TomlShape.Text, Texts.Any)
    {
        Flags = ["--pidfile"],
        ValueName = "FILE",
        Help = "Keeps a second instance away.",
        InInputFile = false,
    };

    public static readonly Setting<string> StatusSocket = new("status_socket", TomlShape.Text, Texts.Any)
    {
        Flags = ["--status-socket"],
        ValueName = "PATH",
        Help = "Where 'ebpf-actors status' asks.",
        InInputFile = false,
        Default = ["/run/ebpf-actors.sock"],
    };

    public static readonly Setting<Uri> KubernetesUrl = new("kubernetes_url", TomlShape.Text, Addresses.Kubernetes)
    {
        Environment = ["DKE_K8S_URL", "K8S_URL"],
        CollectorKeys = ["k8s_info.url"],
        Default = ["https://kubernetes.default:443"],
        Example = "\"https://kubernetes.default:443\"",
    };

    public static readonly Setting<string> BearerTokenPath = new("bearer_token", TomlShape.Text, Texts.Any)
    {
        Environment = ["DKE_K8S_BEARER_TOKEN_PATH", "K8S_BEARER_TOKEN_PATH"],
        CollectorKeys = ["k8s_info.bearer_token_path"],
        Default = ["/run/secrets/kubernetes.io/serviceaccount/token"],
    };

    public static readonly Setting<string> BearerToken = new("bearer_token_string", TomlShape.Text, Texts.Any)
    {
        Environment = ["DKE_K8S_BEARER_TOKEN", "K8S_BEARER_TOKEN_STRING"],
        CollectorKeys = ["k8s_info.bearer_token"],
        Secret = true,
    };

    public static readonly Setting<IReadOnlyList<string>> WorkloadLabels = new("workload_labels", TomlShape.List, Texts.List)
    {
        Environment = ["DKE_K8S_WORKLOAD_LABELS", "ENV_INPUT_EBPF_WORKLOAD_LABELS"],
        CollectorKeys = ["k8s_info.workload_labels"],
        Example = "[\"app\"]",
    };

    /// <summary>DataKit hands the prefix on without <c>DKE_</c>; both names are read.</summary>
    public static readonly Setting<string> WorkloadLabelPrefix = new("workload_label_prefix", TomlShape.Text, Texts.Any)
    {
        Environment = ["DKE_K8S_WORKLOAD_LABEL_PREFIX", "K8S_WORKLOAD_LABEL_PREFIX", "ENV_INPUT_EBPF_WORKLOAD_LABEL_PREFIX"],
        CollectorKeys = ["k8s_info.workload_label_prefix"],
    };

    public static readonly Setting<string> HostProc = new("host_proc", TomlShape.Text, Texts.Any)
    {
        Environment = ["HOST_PROC"],
        InInputFile = false,
        Default = ["/proc"],
    };

    public static readonly Setting<string> HostRoot = new("host_root", TomlShape.Text, Texts.Any)
    {
        Environment = ["HOST_ROOT"],
        InInputFile = false,
        Default = ["/"],
    };

    public static readonly ImmutableArray<Setting> All =
    [
        SpoolFolder, SpoolSize, Log, LogLevel, PidFile, StatusSocket, KubernetesUrl, BearerTokenPath, BearerToken,
        WorkloadLabels, WorkloadLabelPrefix, HostProc, HostRoot,
    ];
}
