using System.Runtime.InteropServices;
using EbpfActors.Probes.Net;
using EbpfActors.Probes.Net.Dns;

namespace EbpfActors.Probes.Tests.Net.Dns;

/// <summary>Records as the kernel hands them out, and a sink that keeps what is made of them.</summary>
internal static class DnsPackets
{
    public static byte[] Record(
        byte[] bytes, Transport transport, DnsFlags flags, ulong at, ushort sport = 40_000, uint seq = 0, uint netns = 1, uint tgid = 7, int length = -1,
        byte remote = 53)
    {
        var record = new DnsRecord
        {
            AtNs = at,
            Netns = netns,
            Tgid = (flags & DnsFlags.Sent) != 0 ? tgid : 0,
            Seq = seq,
            Length = (uint)(length < 0 ? bytes.Length : length),
            Sport = sport,
            Dport = 53,
            Captured = (ushort)Math.Min(bytes.Length, ushort.MaxValue),
            Transport = (byte)transport,
            Flags = flags,
        };
        Local.CopyTo(record.Saddr);
        Remote.CopyTo(record.Daddr);
        record.Daddr[15] = remote;
        return [.. MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in record, 1)), .. bytes];
    }

    private static ReadOnlySpan<byte> Local => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1];

    private static ReadOnlySpan<byte> Remote => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 53];
}

/// <summary>Keeps what the observer reports.</summary>
internal sealed class RecordingSink : INetSink
{
    public List<DnsExchange> Exchanges { get; } = [];

    public List<DomainObservation> Domains { get; } = [];

    void INetSink.Flow(in FlowDelta delta) => throw new InvalidOperationException("no flow was handed in");

    void INetSink.Http(in HttpExchange exchange) => throw new InvalidOperationException("no exchange was handed in");

    void INetSink.Dns(in DnsExchange exchange) => Exchanges.Add(exchange);

    void INetSink.Domain(in DomainObservation domain) => Domains.Add(domain);
}
