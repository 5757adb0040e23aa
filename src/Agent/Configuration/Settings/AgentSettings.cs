using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>The settings that have an effect, in the order in which help and <c>check-config</c> show them.</summary>
internal static class AgentSettings
{
    public static readonly Setting<Uri> ApiServer = new("datakit_apiserver", TomlShape.Text, Addresses.DataKit)
    {
        Flags = ["--datakit-apiserver"],
        ValueName = "ADDRESS",
        Help = "Where DataKit listens; 0.0.0.0 means this machine.",
        InInputFile = false,
        CollectorKeys = ["datakit_api"],
        Default = ["0.0.0.0:9529"],
        Show = u => u.GetLeftPart(UriPartial.Path),
    };

    public static readonly Setting<IReadOnlyList<OutputTarget>> Output = new("output", TomlShape.List, OutputList.Parse)
    {
        Flags = ["--output"],
        ValueName = "OUTPUT",
        Help = "Where points go: datakit, stdout, file:PATH, table. Repeatable.",
        Default = ["datakit"],
        Example = "[\"datakit\", \"table\"]",
    };

    public static readonly Setting<IReadOnlyList<string>> EnabledPlugins =
        new("enabled_plugins", TomlShape.List, Texts.SomeOf("plugin", [.. PluginNames.Plugins, .. PluginNames.OfLaterGeneration]))
        {
            Flags = ["--enabled"],
            ValueName = "PLUGIN",
            Help = "Plugins to run: ebpf-net, ebpf-bash, ebpf-conntrack.",
            Environment = ["ENV_INPUT_EBPF_ENABLED_PLUGINS"],
            CollectorKeys = ["enabled"],
            Default = [PluginNames.Net],
            Example = "[\"ebpf-net\"]",
        };

    public static readonly Setting<IReadOnlyList<string>> Layer7Enabled =
        new("l7net_enabled", TomlShape.List, Texts.SomeOf("layer 7 plugin", PluginNames.Layer7))
        {
            Flags = ["--l7net-enabled"],
            ValueName = "NAME",
            Help = "Layer 7 parts of ebpf-net: httpflow, httpflow-tls.",
            Environment = ["ENV_INPUT_EBPF_L7NET_ENABLED"],
            CollectorKeys = ["ebpf_net.l7net_enabled"],
            Default = [PluginNames.HttpFlow],
            Example = "[\"httpflow\"]",
            EmptyListHasMeaning = true,
        };

    public static readonly Setting<IReadOnlyList<string>> Layer7Disabled =
        new("l7net_disabled", TomlShape.List, Texts.SomeOf("layer 7 plugin", PluginNames.Layer7))
        {
            Flags = ["--l7net-disabled"],
            ValueName = "NAME",
            Help = "All layer 7 parts except these.",
            CollectorKeys = ["ebpf_net.l7net_disabled"],
            Example = "[\"httpflow-tls\"]",
        };

    public static readonly Setting<TimeSpan> Interval =
        new("interval", TomlShape.Text, Durations.Between(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(30)))
        {
            Flags = ["--interval"],
            ValueName = "DURATION",
            Help = "How often flows are reported, 1s to 30m.",
            Environment = ["ENV_INPUT_EBPF_INTERVAL"],
            Default = ["60s"],
            Example = "\"60s\"",
        };

    /// <summary>-1 is what DataKit's input keeps when the key is absent.</summary>
    public static readonly Setting<int> EphemeralPort = new("ephemeral_port", TomlShape.Integer, Texts.Number(-1, 65535))
    {
        Flags = ["--ephemeral_port", "--ephemeral-port"],
        ValueName = "PORT",
        Help = "Client ports from PORT on are shown as *; 0 hides every client port.",
        Environment = ["ENV_INPUT_EBPF_EPHEMERAL_PORT"],
        CollectorKeys = ["ebpf_net.ephemeral_port"],
        Default = ["0"],
        Example = "10001",
    };

    public static readonly Setting<bool> IPv6Disabled = new("ipv6_disabled", TomlShape.Boolean, Texts.Switch)
    {
        Flags = ["--ipv6-disabled"],
        Help = "This system has no IPv6.",
        Environment = ["ENV_INPUT_EBPF_IPV6_DISABLED"],
        // The first name is the later generation's own spelling.
        CollectorKeys = ["ebpf_net.ipv6_diabled", "ebpf_net.ipv6_disabled"],
        Default = ["false"],
        Example = "true",
    };

    public static readonly Setting<bool> IncludeLoopback = new("include_loopback", TomlShape.Boolean, Texts.Switch)
    {
        Flags = ["--include-loopback"],
        Help = "Keep flows of 127.0.0.0/8 and ::1.",
        Default = ["false"],
        Example = "true",
    };

    public static readonly Setting<bool> IncludeDataKit = new("include_datakit", TomlShape.Boolean, Texts.Switch)
    {
        Flags = ["--include-datakit"],
        Help = "Keep the HTTP exchanges of the agent itself and of processes named datakit*.",
        Default = ["false"],
        Example = "true",
    };

    public static readonly Setting<TimeSpan> UdpIdleTimeout =
        new("udp_idle_timeout", TomlShape.Text, Durations.Between(TimeSpan.FromSeconds(1), TimeSpan.FromHours(6)))
        {
            Flags = ["--udp-idle-timeout"],
            ValueName = "DURATION",
            Help = "A UDP flow silent for this long is forgotten, 1s to 6h.",
            Default = ["60s"],
            Example = "\"60s\"",
        };

    public static readonly Setting<int> MaxConnections = new("max_connections", TomlShape.Integer, Texts.Number(16, 4_194_304))
    {
        Flags = ["--max-connections"],
        ValueName = "COUNT",
        Help = "How many open flows the kernel side can hold.",
        Default = ["65536"],
        Example = "65536",
    };

    public static readonly Setting<int> HttpPathLength = new("http_path_length", TomlShape.Integer, Texts.Number(64, 4096))
    {
        Flags = ["--http-path-length"],
        ValueName = "BYTES",
        Help = "Longer HTTP paths are cut, 64 to 4096.",
        Default = ["1024"],
        Example = "1024",
    };

    public static readonly Setting<int> HttpPathsPerFlow = new("http_paths_per_flow", TomlShape.Integer, Texts.Number(1, 1_000_000))
    {
        Flags = ["--http-paths-per-flow"],
        ValueName = "COUNT",
        Help = "Distinct HTTP paths of one flow; others are summed as ~other.",
        Default = ["1000"],
        Example = "1000",
    };

    public static readonly Setting<int> HttpPathsTotal = new("http_paths_total", TomlShape.Integer, Texts.Number(1, 10_000_000))
    {
        Flags = ["--http-paths-total"],
        ValueName = "COUNT",
        Help = "The same for all flows together; a path of several flows counts once.",
        Default = ["20000"],
        Example = "20000",
    };

    public static readonly Setting<string> HostName = new("hostname", TomlShape.Text, Texts.Any)
    {
        Flags = ["--hostname"],
        ValueName = "NAME",
        Help = "Value of the tag host.",
        InInputFile = false,
    };

    public static readonly Setting<string> Service = new("service", TomlShape.Text, Texts.Any)
    {
        Flags = ["--service"],
        ValueName = "NAME",
        Help = "Value of the tag service.",
        InInputFile = false,
        Default = ["ebpf"],
    };

    /// <summary>In <c>[[inputs.ebpf]]</c> tags are a table, which the file's reader turns into a list.</summary>
    public static readonly Setting<ImmutableArray<KeyValuePair<string, string>>> Tags = new("tags", TomlShape.List, TagList.Parse)
    {
        Flags = ["--tags"],
        ValueName = "KEY=VALUE",
        Help = "Tags for every point, separated by ; or ,. Repeatable.",
        InInputFile = false,
        Separators = ";,",
        Example = "[\"key=value\"]",
    };

    public static readonly ImmutableArray<Setting> All =
    [
        ApiServer, Output, EnabledPlugins, Layer7Enabled, Layer7Disabled, Interval, EphemeralPort, IPv6Disabled, IncludeLoopback, IncludeDataKit,
        UdpIdleTimeout, MaxConnections, HttpPathLength, HttpPathsPerFlow, HttpPathsTotal, .. TlsSettings.All, .. DnsSettings.All, .. BashSettings.All,
        .. HookSettings.All, HostName, Service, Tags,
        .. ProcessSettings.All,
    ];
}
