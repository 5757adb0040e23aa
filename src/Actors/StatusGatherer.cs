using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;
using EbpfActors.Probes;

namespace EbpfActors.Actors;

/// <summary>Asks every part for its status, once, and answers with what came within its deadline.</summary>
internal sealed class StatusGatherer : UntypedActor
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    private readonly Request _request;
    private readonly List<ProbeStatus> _probes = [];
    private ImmutableArray<PluginStatus>? _probePlugins;
    private ImmutableArray<PluginStatus>? _outputs;
    private FlushStatus? _flush;
    private object? _writer;

    public StatusGatherer(Request request) => _request = request;

    public static Props Props(AgentActorOptions options, PluginKeeper parts, IActorRef replyTo)
    {
        var request = new Request(
            options,
            parts.Status(),
            parts.Find(AgentParts.Probes),
            parts.Find(AgentParts.Outputs),
            parts.Find(AgentParts.Flush),
            parts.Find(AgentParts.DataKit),
            replyTo);
        return Akka.Actor.Props.Create(() => new StatusGatherer(request));
    }

    protected override void PreStart()
    {
        Context.SetReceiveTimeout(Deadline);
        _request.Probes.Tell(GetPlugins.Instance);
        _request.Probes.Tell(GetProbeStatus.Instance);
        _request.Outputs.Tell(GetPlugins.Instance);
        _request.Flush.Tell(GetFlushStatus.Instance);
        if (_request.Options.WriterStatusRequest is { } question)
        {
            _request.Writer.Tell(question);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Plugins plugins when Sender.Equals(_request.Probes): _probePlugins = plugins.All; break;
            case Plugins plugins: _outputs = plugins.All; break;
            case ProbeStatus probe: _probes.Add(probe); break;
            case FlushStatus flush: _flush = flush; break;
            case ReceiveTimeout: break;
            default: _writer = message; break;
        }

        if (message is ReceiveTimeout || IsComplete())
        {
            _request.ReplyTo.Tell(Status());
            Context.Stop(Self);
        }
    }

    private bool IsComplete() =>
        (_probePlugins is { } probes ? _probes.Count >= probes.Count(p => p.State == PluginState.Running) : _request.Options is { NetProbe: null, BashProbe: null, ConntrackProbe: null })
        && _outputs is not null
        && _flush is not null
        && (_writer is not null || _request.Options.WriterStatusRequest is null || _request.Options.DataKit is null);

    private AgentStatus Status() => new(
        _request.Parts,
        [.. _probes.Select(Kept), .. (_probePlugins ?? []).Where(p => !_probes.Exists(s => s.Name == p.Name)).Select(Down)],
        _outputs ?? [],
        _flush,
        [.. _request.Options.Ledger.Snapshot()],
        _writer);

    private ProbeStatus Kept(ProbeStatus probe) =>
        probe with { Restarts = (_probePlugins ?? []).FirstOrDefault(p => p.Name == probe.Name)?.Restarts ?? 0 };

    private static ProbeStatus Down(PluginStatus plugin) =>
        new(plugin.Name, plugin.State, [], new ProbeCounters(0, [], []), plugin.Problem) { Restarts = plugin.Restarts, RetryAt = plugin.RetryAt };

    internal sealed record Request(
        AgentActorOptions Options,
        ImmutableArray<PluginStatus> Parts,
        IActorRef Probes,
        IActorRef Outputs,
        IActorRef Flush,
        IActorRef Writer,
        IActorRef ReplyTo);
}
