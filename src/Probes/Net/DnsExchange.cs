namespace EbpfActors.Probes.Net;

/// <summary>One DNS query and what became of it, as one socket of this host saw it. Reported when it is answered or times out.</summary>
/// <param name="Flow">The socket. Outgoing: it asked; incoming: it was asked. The process is the one that asked, where it is of this host.</param>
/// <param name="Name">The name that was asked in lower case without the last dot; empty unless names were wanted.</param>
/// <param name="QueryType">The number of the type that was asked, 1 for A; 0 when the query had no question.</param>
/// <param name="Rcode">The response code with EDNS's upper bits, or <see cref="TimedOut"/>.</param>
/// <param name="LatencyNs">From the first time it was asked to the answer; 0 when there was none.</param>
/// <param name="Retries">How often it was asked again with the same id.</param>
public readonly record struct DnsExchange(FlowIdentity Flow, string Name, ushort QueryType, int Rcode, ulong LatencyNs, uint Retries)
{
    /// <summary>The response code of what was not answered in time.</summary>
    public const int TimedOut = -1;
}

/// <summary>
/// An answer said that <paramref name="Address"/> belongs to <paramref name="Name"/>: the name that was asked, in lower case and
/// without the last dot, whatever aliases lay between. <paramref name="AtNs"/> is the answer's time (CLOCK_MONOTONIC).
/// </summary>
public readonly record struct DomainObservation(uint NetNamespace, uint Pid, IpAddress Address, string Name, TimeSpan TimeToLive, ulong AtNs);
