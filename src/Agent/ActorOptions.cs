using Akka.Actor;
using EbpfActors.Actors;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Bash.Redaction;
using EbpfActors.Actors.Conntrack;
using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Dns;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.LineProtocol;
using EbpfActors.Actors.Metadata;
using EbpfActors.Actors.Outputs;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;
using EbpfActors.Probes.Bash;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Tls.Capture;
using Spectre.Console;

namespace EbpfActors.Agent;

/// <summary>Maps what the user configured to what the actors are made from.</summary>
internal static class ActorOptions
{
    public static AgentActorOptions Of(AgentOptions options, FlowLedger ledger)
    {
        // Between the conntrack plugin, which knows, and the net plugin, which asks.
        var nat = options.Plugins.Has(PluginNames.Conntrack) && options.Plugins.Has(PluginNames.Net) ? new NatLookup() : null;
        return Of(options, ledger, nat);
    }

    private static AgentActorOptions Of(AgentOptions options, FlowLedger ledger, NatLookup? nat) => new()
    {
        Ledger = ledger,
        Renderers = Renderers(Identity(options), LineCuts.In(ledger)),
        Flush = new FlushOptions
        {
            Interval = options.Net.Interval,
            MaxKeys = Math.Max(options.Net.MaxConnections, 1024),
            ShowsFlows = options.Output.Has(OutputKind.Table),
            HttpPaths = new HttpPathLimits { PerFlow = options.Net.HttpPathsPerFlow, Total = options.Net.HttpPathsTotal },
            DnsNames = new DnsNameLimits { PerFlow = options.Dns.NamesPerFlow, Total = options.Dns.NamesTotal },
        },
        NetProbe = options.Plugins.Has(PluginNames.Net) ? Net(options, nat) : null,
        BashProbe = options.Plugins.Has(PluginNames.Bash) ? Bash(options) : null,
        ConntrackProbe = nat is null ? null : Conntrack(options, nat),
        DataKit = options.Output.Has(OutputKind.DataKit) ? DataKit(options, ledger) : null,
        LogsDebug = options.Log.Level is "debug" or "trace",
        WriterStatusRequest = GetWriterStatus.Instance,
        Outputs = [.. Outputs(options, ledger)],
    };

    private static PointIdentity Identity(AgentOptions options) => new(options.Host.HostTag, options.Host.Service, [.. options.Host.Tags]);

    private static FlowRenderers Renderers(PointIdentity identity, LineCuts cuts) =>
        new(new NetflowLineRenderer(identity, cuts), new HttpflowLineRenderer(identity, cuts), new DnsflowLineRenderer(identity, cuts));

    private static NetPluginOptions Net(AgentOptions options, NatLookup? nat) => new()
    {
        Create = () => new NetProbe(new NetProbeOptions
        {
            CgroupMount = CGroup2.MountPoint(),
            FindCgroupMount = () => CGroup2.MountPoint(),
            MaxConnections = options.Net.MaxConnections,
            RingBytes = options.Net.RingBytes,
            UdpIdleTimeout = options.Net.UdpIdleTimeout,
            ProcRoot = options.Host.Proc,
            Http = options.Plugins.Has(PluginNames.HttpFlow),
            HttpPathLength = options.Net.HttpPathLength,
            Tls = options.Plugins.Has(PluginNames.HttpFlowTls)
                ? TlsOptions.OfHost(options.Host.Proc, options.TlsExclude) with { Without = Without(options), MaxSessions = options.Net.MaxTlsSessions }
                : null,
            DnsPorts = options.Dns.Ports,
            DnsTimeout = options.Dns.Timeout,
            DnsNames = options.Dns.QueryTags,
            Nat = nat,
            Without = Without(options),
        }),
        Table = new FlowTableOptions
        {
            EphemeralPortStart = options.Net.EphemeralPort,
            IncludeLoopback = options.Net.IncludeLoopback,
            Collector = options.Net.IncludeDataKit ? CollectorProcesses.Nobody : new CollectorProcesses { OwnPid = ProcessName.OwnPid(options.Host.Proc) },
            Nat = nat,
            DnsNames = options.Dns.QueryTags,
            Domains = Domains(options.Dns),
        },
    };

    private static BashPluginOptions Bash(AgentOptions options) => new()
    {
        Create = () => new BashProbe(new BashProbeOptions { ProcRoot = options.Host.Proc, Without = Without(options) }),
        Identity = Identity(options),
        Interval = options.Net.Interval,
        CommandLength = options.Bash.CommandLength,
        Redactor = () => new SecretRedactor(new RedactionOptions(options.Bash.RedactionRules, options.Bash.RedactionPatterns)).Redact,
    };

    private static ConntrackPluginOptions Conntrack(AgentOptions options, NatLookup nat) => new()
    {
        Create = () => new ConntrackProbe(new ConntrackOptions
        {
            ProcRoot = options.Host.Proc,
            HostRoot = options.Host.Root,
            MaxConnections = options.Net.MaxConnections,
            // A flow's last record comes with the flush after its end, and a UDP flow's after its idle timeout.
            Linger = (2 * options.Net.Interval) + options.Net.UdpIdleTimeout,
            Without = Without(options),
        }),
        Lookup = nat,
    };

    private static WithoutHooks Without(AgentOptions options) => new(options.WithoutHooks);

    private static DomainTableOptions Domains(DnsOptions options) => new()
    {
        MaxAddresses = options.MaxAddresses,
        MinTimeToLive = options.MinTimeToLive,
        MaxTimeToLive = options.MaxTimeToLive,
    };

    private static Props DataKit(AgentOptions options, FlowLedger ledger) => DataKitWriter.Props(
        new Actors.DataKit.DataKitOptions
        {
            BaseAddress = options.DataKit.ApiServer,
            SpoolDirectory = options.Output.SpoolFolder,
            SpoolBytes = options.Output.SpoolBytes,
        },
        ledger);

    private static IEnumerable<PluginSpec> Outputs(AgentOptions options, FlowLedger ledger)
    {
        var files = 0;
        foreach (var target in options.Output.Targets)
        {
            switch (target.Kind)
            {
                case OutputKind.Stdout: yield return LineOutput.Stdout(ledger); break;
                case OutputKind.File: yield return LineOutput.File(target.Path, ++files, ledger); break;
                case OutputKind.Table: yield return TableOutput.Spec(options.Host.HostTag, AnsiConsole.Console, ledger); break;
                case OutputKind.DataKit: break;
            }
        }
    }
}
