using System.IO.Hashing;
using System.Runtime.InteropServices;
using EbpfActors.Probes;
using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>
/// What flows are summed by: the socket's identity with the client's port collapsed to 0, which is written as <c>*</c>.
/// Source is always the local side.
/// </summary>
public readonly record struct FlowKey(
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
    private static readonly long Seed = Random.Shared.NextInt64();

    /// <summary>The name under which the destination was asked for; empty when it is not known.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The port value that stands for any client port.</summary>
    public const ushort AnyPort = 0;

    /// <summary>Where the connections go after destination NAT.</summary>
    public NatTarget Nat { get; init; }

    /// <summary>The key of a flow; client ports from <paramref name="ephemeralStart"/> on are collapsed, 0 collapses all.</summary>
    public static FlowKey Of(in FlowIdentity flow, int ephemeralStart, string domain = "", NatTarget nat = default)
    {
        var outgoing = flow.Direction == Direction.Outgoing;
        return new FlowKey(
            flow.Source,
            flow.Destination,
            outgoing && flow.SourcePort >= ephemeralStart ? AnyPort : flow.SourcePort,
            !outgoing && flow.DestinationPort >= ephemeralStart ? AnyPort : flow.DestinationPort,
            flow.Transport,
            flow.Direction,
            flow.Pid,
            flow.NetNamespace,
            flow.ProcessName)
        {
            Nat = nat,
            Domain = domain,
        };
    }

    /// <summary>
    /// Numbers first: the name differs only when a process executed another program, the domain when one address has several.
    /// </summary>
    public bool Equals(FlowKey other) =>
        Destination == other.Destination
        && Source == other.Source
        && Packed == other.Packed
        && Pid == other.Pid
        && NetNamespace == other.NetNamespace
        && Nat == other.Nat
        && string.Equals(ProcessName, other.ProcessName, StringComparison.Ordinal)
        && string.Equals(Domain, other.Domain, StringComparison.Ordinal);

    /// <summary>
    /// Of all of it: a process may give itself any number of names, and ask for its peer by any number. The seed is secret to this process.
    /// </summary>
    public override int GetHashCode() => HashCode.Combine(
        Source.Low, Source.High, Destination.Low, Destination.High, Packed, ((ulong)NetNamespace << 32) | Pid, Hash(ProcessName, Nat.Port), Hash(Domain, (long)Nat.Address.Low));

    private static ulong Hash(string text, long other) =>
        text.Length == 0 ? (ulong)other : XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), Seed ^ other);

    private ulong Packed => ((ulong)SourcePort << 32) | ((ulong)DestinationPort << 16) | ((ulong)Transport << 8) | (byte)Direction;
}
