using System.Collections.Immutable;
using Akka.Actor;

namespace EbpfActors.Actors.Points;

/// <summary>Where DataKit takes a kind of point: the write path and the value of its <c>input</c> query.</summary>
public sealed record PointEndpoint(string Path, string Input)
{
    public static readonly PointEndpoint Netflow = new("/v1/write/network", "ebpf-net/netflow");

    public static readonly PointEndpoint Httpflow = new("/v1/write/network", "ebpf-net/httpflow");

    public static readonly PointEndpoint Bash = new("/v1/write/logging", "ebpf-bash");

    public static readonly PointEndpoint Dnsflow = new("/v1/write/network", "ebpf-net/dnsflow");
}

/// <summary>
/// Flush scheduler, bash probe -> every output: the points of one flush. A line is one point of line protocol in UTF-8 without the
/// newline, valid by construction; the arrays are never written again.
/// </summary>
public sealed record WritePoints(PointEndpoint Endpoint, ImmutableArray<byte[]> Lines) : INoSerializationVerificationNeeded;

/// <summary>Anyone -> DataKit writer: tell DataKit that a part of the agent failed (its /v1/lasterror).</summary>
public sealed record ReportLastError(string Content) : INoSerializationVerificationNeeded;

/// <summary>Agent -> every output, once at the end: hand over or spool everything, then answer <see cref="OutputClosed"/>.</summary>
public sealed class CloseOutput : INoSerializationVerificationNeeded
{
    public static readonly CloseOutput Instance = new();

    private CloseOutput()
    {
    }
}

/// <summary>Output -> agent: nothing is held any more.</summary>
public sealed class OutputClosed : INoSerializationVerificationNeeded
{
    public static readonly OutputClosed Instance = new();

    private OutputClosed()
    {
    }
}
