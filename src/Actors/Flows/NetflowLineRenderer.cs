using EbpfActors.Actors.LineProtocol;

namespace EbpfActors.Actors.Flows;

/// <summary>Writes netflow points as line protocol; what has to be cut for DataKit's limits is counted.</summary>
public sealed class NetflowLineRenderer(PointIdentity identity, LineCuts cuts) : IFlowLineRenderer
{
    private readonly PointIdentity _identity = identity.On(NetflowPoint.Measurement);

    public object TagPrefix(in FlowKey key)
    {
        var tags = new TagSet(cuts);
        foreach (var (name, value) in NetflowPoint.Tags(key, _identity))
        {
            tags.Set(name, value);
        }

        return tags.Build(NetflowPoint.Measurement);
    }

    public byte[] Line(object prefix, in FlowKey key, in FlowTotals totals, long timestampNs)
    {
        using var line = new LineBuilder((PointTags)prefix, cuts);
        foreach (var (name, value) in NetflowPoint.Fields(key, totals))
        {
            line.Field(name, value);
        }

        return line.Build(timestampNs);
    }
}
