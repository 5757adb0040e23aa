namespace EbpfActors.Agent.Configuration;

/// <summary>The names that may stand in <c>enabled_plugins</c> and <c>l7net_enabled</c>.</summary>
public static class PluginNames
{
    public const string Net = "ebpf-net";
    public const string Bash = "ebpf-bash";
    public const string Conntrack = "ebpf-conntrack";
    public const string HttpFlow = "httpflow";
    public const string HttpFlowTls = "httpflow-tls";

    public static readonly IReadOnlyList<string> Plugins = [Net, Bash, Conntrack];

    /// <summary>Plugins of the reference's later generation; accepted and ignored, since its configuration must start this agent.</summary>
    public static readonly IReadOnlyList<string> OfLaterGeneration = ["ebpf-trace", "bpf-netlog"];

    public static readonly IReadOnlyList<string> Layer7 = [HttpFlow, HttpFlowTls];

    /// <summary>Accepted names that this version cannot run. A plugin that has been built leaves this list, and only this list.</summary>
    public static readonly IReadOnlyList<string> NotImplementedPlugins = [.. OfLaterGeneration];
}
