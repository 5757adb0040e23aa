using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Http;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Flush;

/// <summary>Gathers the answers of one flush and hands them on: as points for machines, as flows for people.</summary>
internal sealed class FlushWindow(TimeProvider time, int linesPerWrite)
{
    private readonly List<FlowFlushed> _flows = [];
    private readonly HttpOverflowLog _overflow = new(time);
    private long _openedAt = time.GetTimestamp();

    public void Add(FlowFlushed flow)
    {
        _flows.Add(flow);
        _overflow.Add(flow.Key, flow.Http.Overflowed);
    }

    /// <summary>What the log should say about paths beyond the bounds; null when there is nothing to say now.</summary>
    public string? Overflow() => _overflow.Due();

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
