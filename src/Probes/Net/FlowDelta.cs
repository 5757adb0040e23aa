using EbpfActors.Probes.Conntrack;

namespace EbpfActors.Probes.Net;

/// <summary>
/// What happened on one socket since the previous record about it. Bytes are payload bytes; <paramref name="RttMicros"/> and
/// <paramref name="RttVarMicros"/> are 0 when the kernel has no sample yet; the TCP-only members are 0 for UDP.
/// </summary>
public readonly record struct FlowDelta(
    FlowIdentity Flow,
    ulong BytesRead,
    ulong BytesWritten,
    uint Retransmits,
    uint Established,
    uint Closed,
    uint RttMicros,
    uint RttVarMicros)
{
    /// <summary>Where the socket's own packets were seen to leave for; the default value when nothing was seen.</summary>
    public NatTarget Nat { get; init; }
}
