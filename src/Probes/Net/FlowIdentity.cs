namespace EbpfActors.Probes.Net;

/// <summary>Layer 4 protocol of a flow.</summary>
public enum Transport : byte
{
    Tcp = 6,
    Udp = 17,
}

/// <summary>Who initiated a flow, seen from this host's socket.</summary>
public enum Direction : byte
{
    /// <summary>The local socket connected or sent first.</summary>
    Outgoing = 0,

    /// <summary>The local socket listened, accepted, or was explicitly bound (UDP).</summary>
    Incoming = 1,
}

/// <summary>
/// Which socket of this host a record is about. Source is always the local side, destination the peer, whatever the direction.
/// Ports are in host order, <paramref name="Pid"/> is the process (tgid) in the host's pid namespace, 0 when unknown,
/// <paramref name="NetNamespace"/> the inode of the socket's network namespace.
/// </summary>
public readonly record struct FlowIdentity(
    IpAddress Source,
    IpAddress Destination,
    ushort SourcePort,
    ushort DestinationPort,
    Transport Transport,
    Direction Direction,
    uint Pid,
    uint NetNamespace,
    string ProcessName)
{
    /// <summary>When the socket's connection, or its exchange with this peer, began (CLOCK_MONOTONIC); 0 when that is not known.</summary>
    public ulong BornNs { get; init; }
}
