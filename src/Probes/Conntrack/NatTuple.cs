using EbpfActors.Probes.Net;

namespace EbpfActors.Probes.Conntrack;

/// <summary>A connection as its client made it, before anything was translated. Ports are in host order.</summary>
public readonly record struct NatTuple(IpAddress Source, IpAddress Destination, ushort SourcePort, ushort DestinationPort, Transport Transport)
{
    public static NatTuple Of(in FlowIdentity flow) =>
        new(flow.Source, flow.Destination, flow.SourcePort, flow.DestinationPort, flow.Transport);

    /// <summary>Numbers that differ first.</summary>
    public bool Equals(NatTuple other) =>
        Packed == other.Packed && Source == other.Source && Destination == other.Destination;

    public override int GetHashCode() => SeededHash.Of(Source, Destination, Packed);

    private ulong Packed => ((ulong)SourcePort << 32) | ((ulong)DestinationPort << 16) | (byte)Transport;
}

/// <summary>Where a connection really goes; the default value says that nothing is known.</summary>
public readonly record struct NatTarget(IpAddress Address, ushort Port)
{
    public bool IsKnown => Port != 0;
}
