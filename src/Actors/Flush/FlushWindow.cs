using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using EbpfActors.Actors.Cardinality;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Flush;

/// <summary>Gathers the answers of one flush and hands them on: as points for machines, as flows for people.</summary>
internal sealed class FlushWindow(TimeProvider time, int linesPerWrite)
{
    private readonly List<FlowFlushed> _flows = [];
    private readonly OverflowLog _paths = new(
        time, $"HTTP exchanges reported with the path {CardinalityGovernor.Other}, since there are too many paths");

    private readonly OverflowLog _names = new(
        time, $"DNS queries reported with the name {CardinalityGovernor.Other}, since there are too many names");

    private long _openedAt = time.GetTimestamp();

    public void Add(FlowFlushed flow)
    {
        _flows.Add(flow);
        _paths.Add(flow.Key.ProcessName, flow.Key.Pid, flow.Http.Overflowed);
        foreach (var (process, pid, queries) in flow.Dns.Overflowed)
        {
            _names.Add(process, pid, queries);
        }
    }

    /// <summary>What the log should say about paths and names beyond the bounds; nothing when there is nothing to say now.</summary>
    public IEnumerable<string> Overflows() => new[] { _paths.Due(), _names.Due() }.OfType<string>();

    /// <summary>Sends what was gathered and opens the next window; returns what is accounted for by that.</summary>
    public FlowLoad Close(IActorRef receiver)
    {
        var elapsed = time.GetElapsedTime(_openedAt);
        _openedAt = time.GetTimestamp();
        var active = _flows.Where(f => f.Totals.Records > 0).ToImmutableArray();
        Write(PointEndpoint.Netflow, active.Select(f => f.Line), receiver);
        Write(PointEndpoint.Dnsflow, _flows.SelectMany(f => f.Dns.Lines), receiver);
        Write(PointEndpoint.Httpflow, _flows.SelectMany(f => f.Http.Lines), receiver);
        receiver.Tell(new FlushedFlows(time.GetUtcNow(), elapsed, active));
        var load = _flows.Aggregate(default(FlowLoad), (sum, f) => sum + f.Load);
        _flows.Clear();
        return load;
    }

    private void Write(PointEndpoint endpoint, IEnumerable<byte[]> lines, IActorRef receiver)
    {
        foreach (var chunk in lines.Chunk(linesPerWrite))
        {
            receiver.Tell(new WritePoints(endpoint, ImmutableCollectionsMarshal.AsImmutableArray(chunk)));
        }
    }
}
