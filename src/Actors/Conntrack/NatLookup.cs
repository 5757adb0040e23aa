using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Conntrack;

/// <summary>
/// Where the net probe's reader asks for translations, whatever becomes of the conntrack probe: while there is none, nothing
/// is translated. Thread-safe.
/// </summary>
public sealed class NatLookup : INatLookup
{
    private volatile INatLookup? _source;

    /// <summary>Null when the probe goes.</summary>
    public void Use(INatLookup? source) => _source = source;

    public void CatchUp() => _source?.CatchUp();

    public NatTarget Find(in FlowIdentity flow) =>
        flow.Direction == Direction.Outgoing && _source is { } source ? source.Find(flow) : default;

    /// <summary>The same for a flow's first record, whose translation may be news that nobody has read yet.</summary>
    public NatTarget FindFresh(in FlowIdentity flow)
    {
        if (Find(flow) is { IsKnown: true } known)
        {
            return known;
        }

        CatchUp();
        return Find(flow);
    }
}
