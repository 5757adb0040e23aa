using System.Collections.Immutable;
using EbpfActors.Actors.Points;
using EbpfActors.Agent.Configuration.Settings;
using EbpfActors.Agent.Configuration.Values;

namespace EbpfActors.Agent.Configuration;

/// <summary>Turns what the layers gave into options. Pure: the same layers and facts always give the same result.</summary>
internal sealed class OptionsBuilder
{
    private readonly MachineFacts _machine;
    private readonly List<ConfigurationProblem> _problems;
    private readonly List<string> _warnings;
    private readonly List<string> _ignored = [];
    private readonly Resolver _resolver;

    private OptionsBuilder(IEnumerable<Given> givens, MachineFacts machine, List<ConfigurationProblem> problems, List<string> warnings)
    {
        _machine = machine;
        _problems = problems;
        _warnings = warnings;
        _resolver = new Resolver(givens, problems);
    }

    public static ConfigurationResult Build(
        IEnumerable<Given> givens, MachineFacts machine, IEnumerable<ConfigurationProblem> problems, IEnumerable<string> warnings)
    {
        var builder = new OptionsBuilder(givens, machine, [.. problems], [.. warnings]);
        var options = builder.Build();
        var found = builder._problems.Distinct().OrderBy(p => p.Line ?? 0).ToImmutableArray();
        return new ConfigurationResult(found.IsEmpty ? options : null, found, [.. builder._resolver.Effective]) { Attempt = options };
    }

    private AgentOptions Build()
    {
        var output = Output();
        return new AgentOptions
        {
            DataKit = new DataKitOptions(_resolver.Resolve(AgentSettings.ApiServer)),
            Output = output,
            Plugins = Plugins(),
            Net = Net(),
            Bash = Bash(),
            TlsExclude = _resolver.Resolve(TlsSettings.Exclude),
            WithoutHooks = _resolver.Resolve(HookSettings.Without),
            Dns = Dns(),
            Host = Host(),
            Log = Log(output),
            Kubernetes = Kubernetes(),
            Process = Process(),
            // After everything else: the parts above add to both lists.
            Ignored = [.. _ignored.Concat(_resolver.Unused()).Distinct()],
            Warnings = [.. _warnings.Distinct()],
        };
    }

    private OutputOptions Output() => new()
    {
        Targets = _resolver.Resolve(AgentSettings.Output),
        SpoolFolder = _resolver.Resolve(
            ProcessSettings.SpoolFolder, InDataKitsFolder("ebpf-actors-spool", otherwise: "/var/lib/ebpf-actors/spool")),
        SpoolBytes = _resolver.Resolve(ProcessSettings.SpoolSize),
    };

    private PluginOptions Plugins()
    {
        var asked = _resolver.Resolve(AgentSettings.EnabledPlugins);
        var layer7 = asked.Contains(PluginNames.Net) ? Layer7() : [];
        _ignored.AddRange(asked.Concat(layer7).Where(PluginNames.NotImplementedPlugins.Contains).Select(p => $"plugin {p}"));
        var enabled = Implemented(asked);
        if (enabled.Count == 0)
        {
            _warnings.Add($"nothing to collect: of the enabled plugins ({string.Join(", ", asked)}) this version can run none");
        }

        if (enabled.Contains(PluginNames.Conntrack) && !enabled.Contains(PluginNames.Net))
        {
            _warnings.Add($"{PluginNames.Conntrack} adds tags to the points of {PluginNames.Net}, which is not enabled: alone it does nothing");
        }

        return new PluginOptions(enabled, Implemented(layer7));
    }

    private static IReadOnlyList<string> Implemented(IEnumerable<string> names) =>
        [.. names.Where(n => !PluginNames.NotImplementedPlugins.Contains(n))];

    /// <summary>The strongest layer that names either list decides; in one layer the list of what is enabled does.</summary>
    private IReadOnlyList<string> Layer7()
    {
        var disables = _resolver.StrongestLayer(AgentSettings.Layer7Disabled);
        var enables = _resolver.StrongestLayer(AgentSettings.Layer7Enabled);
        var enabled = _resolver.Resolve(AgentSettings.Layer7Enabled);
        var disabled = _resolver.Resolve(AgentSettings.Layer7Disabled);
        return disables < enables || (disables == enables && enabled.Count == 0) ? [.. PluginNames.Layer7.Except(disabled)] : enabled;
    }

    private NetOptions Net()
    {
        var interval = _resolver.Resolve(AgentSettings.Interval, out var source);
        if (interval < TimeSpan.FromSeconds(10))
        {
            _warnings.Add($"interval {Durations.Write(interval)} ({source}) is below 10s: many small reports, more work for DataKit");
        }

        var memory = new MemoryBudget(_machine.MemoryLimit);
        var connections = _resolver.Resolve(AgentSettings.MaxConnections);
        if (memory.Warning(connections) is { } warning)
        {
            _warnings.Add(warning);
        }

        return new NetOptions
        {
            Interval = interval,
            EphemeralPort = Math.Max(0, _resolver.Resolve(AgentSettings.EphemeralPort)),
            IPv6Disabled = _resolver.Resolve(AgentSettings.IPv6Disabled),
            IncludeLoopback = _resolver.Resolve(AgentSettings.IncludeLoopback),
            IncludeDataKit = _resolver.Resolve(AgentSettings.IncludeDataKit),
            UdpIdleTimeout = _resolver.Resolve(AgentSettings.UdpIdleTimeout),
            MaxConnections = memory.Connections(connections),
            MaxTlsSessions = memory.TlsSessions,
            RingBytes = memory.Ring,
            HttpPathLength = _resolver.Resolve(AgentSettings.HttpPathLength),
            HttpPathsPerFlow = _resolver.Resolve(AgentSettings.HttpPathsPerFlow),
            HttpPathsTotal = _resolver.Resolve(AgentSettings.HttpPathsTotal),
        };
    }

    private BashOptions Bash() => new(
        _resolver.Resolve(BashSettings.CommandLength),
        _resolver.Resolve(BashSettings.Redact),
        _resolver.Resolve(BashSettings.RedactPatterns));

    private DnsOptions Dns()
    {
        var least = _resolver.Resolve(DnsSettings.MinTimeToLive, out var source);
        var most = _resolver.Resolve(DnsSettings.MaxTimeToLive);
        if (least > most)
        {
            _problems.Add(new(source.Name, $"{Durations.Write(least)} is more than domain_ttl_max, {Durations.Write(most)}", source.Line));
        }

        return new DnsOptions
        {
            Ports = _resolver.Resolve(DnsSettings.Ports),
            Timeout = _resolver.Resolve(DnsSettings.Timeout),
            QueryTags = _resolver.Resolve(DnsSettings.QueryTags),
            NamesPerFlow = _resolver.Resolve(DnsSettings.NamesPerFlow),
            NamesTotal = _resolver.Resolve(DnsSettings.NamesTotal),
            MinTimeToLive = least,
            MaxTimeToLive = most,
            MaxAddresses = _resolver.Resolve(DnsSettings.TableSize),
        };
    }

    private HostOptions Host()
    {
        var tags = _resolver.ResolveTags(AgentSettings.Tags);
        _warnings.AddRange(tags.Keys.Where(TagList.Computed.Contains)
            .Select(k => $"tag {k} is computed by the collector; the configured value is used only where it computes none"));
        _warnings.AddRange(UserTags.Warnings(tags.Keys));
        string[] names = [_resolver.Resolve(AgentSettings.HostName), tags.GetValueOrDefault("host", ""), _machine.HostName, "no-value"];
        return new HostOptions
        {
            HostTag = names.First(n => n.Length > 0),
            Service = _resolver.Resolve(AgentSettings.Service),
            Tags = tags.Remove("host"),
            Proc = _resolver.Resolve(ProcessSettings.HostProc),
            Root = _resolver.Resolve(ProcessSettings.HostRoot),
        };
    }

    private LogOptions Log(OutputOptions output)
    {
        var target = _resolver.Resolve(
            ProcessSettings.Log with { Default = [InDataKitsFolder("datakit-ebpf.log", otherwise: "stderr")] }, out var source);
        if (target == "stdout" && output.OwnsStandardOutput)
        {
            _problems.Add(new(source.Name, "stdout carries the points or the table; use stderr or a path", source.Line));
        }

        return new LogOptions(target, _resolver.Resolve(ProcessSettings.LogLevel), source.Kind != SourceKind.Default);
    }

    private KubernetesOptions Kubernetes() => new()
    {
        ApiServer = _resolver.Resolve(ProcessSettings.KubernetesUrl),
        BearerTokenPath = _resolver.Resolve(ProcessSettings.BearerTokenPath),
        BearerToken = _resolver.Resolve(ProcessSettings.BearerToken),
        WorkloadLabels = _resolver.Resolve(ProcessSettings.WorkloadLabels),
        WorkloadLabelPrefix = _resolver.Resolve(ProcessSettings.WorkloadLabelPrefix),
    };

    private ProcessOptions Process() => new(
        _resolver.Resolve(ProcessSettings.PidFile, InDataKitsFolder("datakit-ebpf.pid", otherwise: "/run/ebpf-actors.pid")),
        _resolver.Resolve(ProcessSettings.StatusSocket));

    private string InDataKitsFolder(string name, string otherwise) =>
        _machine.DataKitInstalled ? $"{MachineFacts.ExternalsFolder}/{name}" : otherwise;
}
