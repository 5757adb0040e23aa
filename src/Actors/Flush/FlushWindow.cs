using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Flush;

/// <summary>Gathers the answers of one flush and hands them on: as points for machines, as flows for people.</summary>
internal sealed class FlushWindow(TimeProvider time, FlushOptions options, IActorRef receiver)
{
    private readonly List<FlowFlushed> _flows = [];
    private readonly Lines _netflow = new(PointEndpoint.Netflow, options.LinesPerWrite, receiver);
    private readonly Lines _dnsflow = new(PointEndpoint.Dnsflow, options.LinesPerWrite, receiver);
    private readonly Lines _httpflow = new(PointEndpoint.Httpflow, options.LinesPerWrite, receiver);
    private FlowLoad _load;
    private readonly OverflowLog _paths = new(
        time, $"HTTP exchanges reported with the path {CardinalityGovernor.Other}, since there are too many paths");

    private readonly OverflowLog _names = new(
        time, $"DNS queries reported with the name {CardinalityGovernor.Other}, since there are too many names");

    private long _openedAt = time.GetTimestamp();

    /// <summary>Lines leave as soon as there are enough for a message.</summary>
    public void Add(FlowFlushed flow)
    {
        _load += flow.Load;
        if (flow.Totals.Records > 0)
        {
            _netflow.Add(flow.Line);
            if (options.ShowsFlows)
            {
                _flows.Add(flow with { Line = [] });
            }
        }

        foreach (var line in flow.Dns.Lines)
        {
            _dnsflow.Add(line);
        }

        foreach (var line in flow.Http.Lines)
        {
            _httpflow.Add(line);
        }

        _paths.Add(flow.Key.ProcessName, flow.Key.Pid, flow.Http.Overflowed);
        foreach (var (process, pid, queries) in flow.Dns.Overflowed)
        {
            _names.Add(process, pid, queries);
        }
    }

    /// <summary>What the log should say about paths and names beyond the bounds; nothing when there is nothing to say now.</summary>
    public IEnumerable<string> Overflows() => new[] { _paths.Due(), _names.Due() }.OfType<string>();

    /// <summary>Sends what was gathered and opens the next window; returns what is accounted for by that.</summary>
    public FlowLoad Close()
    {
        var elapsed = time.GetElapsedTime(_openedAt);
        _openedAt = time.GetTimestamp();
        _netflow.Send();
        _dnsflow.Send();
        _httpflow.Send();
        receiver.Tell(new FlushedFlows(time.GetUtcNow(), elapsed, [.. _flows]));
        var load = _load;
        _load = default;
        _flows.Clear();
        return load;
    }

    /// <summary>Lines of one measurement on their way.</summary>
    private sealed class Lines(PointEndpoint endpoint, int perWrite, IActorRef receiver)
    {
        private readonly ImmutableArray<byte[]>.Builder _lines = ImmutableArray.CreateBuilder<byte[]>();

        public void Add(byte[] line)
        {
            _lines.Add(line);
            if (_lines.Count == perWrite)
            {
                Send();
            }
        }

        public void Send()
        {
            if (_lines.Count > 0)
            {
                receiver.Tell(new WritePoints(endpoint, _lines.DrainToImmutable()));
            }
        }
    }
}
