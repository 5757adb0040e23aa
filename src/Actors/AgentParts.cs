using System.Collections.Immutable;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Conntrack;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Actors;

/// <summary>The children of the agent, by the names that their paths show.</summary>
internal static class AgentParts
{
    public const string Undelivered = "undelivered";
    public const string Losses = "losses";
    public const string Outputs = "outputs";
    public const string DataKit = "datakit";
    public const string Flush = "flush";
    public const string Probes = "probes";

    /// <summary>In the order of start: whoever receives is there before whoever sends.</summary>
    public static IEnumerable<PluginSpec> Of(AgentActorOptions options)
    {
        yield return new PluginSpec(Undelivered, UndeliveredCounter.Props(options.Ledger));
        yield return new PluginSpec(Losses, LossReporter.Props(options.Ledger));
        yield return new PluginSpec(Outputs, PluginGroup.Props(options.Outputs, options.Backoff));
        if (options.DataKit is { } datakit)
        {
            yield return new PluginSpec(DataKit, datakit);
        }

        yield return new PluginSpec(Flush, FlushScheduler.Props(options.Flush, options.Renderers, options.Ledger, options.Time));
        if (ProbesOf(options) is { IsEmpty: false } probes)
        {
            yield return new PluginSpec(Probes, PluginGroup.Props(probes, options.Backoff));
        }
    }

    private static ImmutableArray<PluginSpec> ProbesOf(AgentActorOptions options)
    {
        var probes = ImmutableArray.CreateBuilder<PluginSpec>();
        if (options.ConntrackProbe is { } conntrack)
        {
            probes.Add(new PluginSpec(ConntrackProbeActor.Name, ConntrackProbeActor.Props(conntrack, options.Ledger)));
        }

        if (options.NetProbe is { } net)
        {
            probes.Add(new PluginSpec(NetProbeActor.Name, NetProbeActor.Props(net, options.Ledger)));
        }

        if (options.BashProbe is { } bash)
        {
            probes.Add(new PluginSpec(BashProbeActor.Name, BashProbeActor.Props(bash, options.Ledger)));
        }

        return probes.ToImmutable();
    }
}
