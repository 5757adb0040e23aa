using Akka.Actor;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Flush;

/// <summary>Gathers the answers of one flush and hands them on: as points for machines, as flows for people.</summary>
internal sealed class FlushWindow(TimeProvider time, int linesPerWrite)
{
    private readonly List<FlowFlushed> _flows = [];
    private long _openedAt = time.GetTimestamp();

    public void Add(FlowFlushed flow) => _flows.Add(flow);

    /// <summary>Sends what was gathered and opens the next window; returns how many kernel records that accounts for.</summary>
    public long Close(IActorRef receiver)
    {
        var elapsed = time.GetElapsedTime(_openedAt);
        _openedAt = time.GetTimestamp();
        foreach (var chunk in _flows.Chunk(linesPerWrite))
        {
            receiver.Tell(new WritePoints(PointEndpoint.Netflow, [.. chunk.Select(f => f.Line)]));
        }

        receiver.Tell(new FlushedFlows(time.GetUtcNow(), elapsed, [.. _flows]));
        var records = _flows.Sum(f => f.Totals.Records);
        _flows.Clear();
        return records;
    }
}
