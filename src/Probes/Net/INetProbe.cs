namespace EbpfActors.Probes.Net;

/// <summary>Receives what a probe decoded, on the thread that drains or sweeps it. Must not throw.</summary>
public interface INetSink
{
    void Flow(in FlowDelta delta);

    void Http(in HttpExchange exchange);

    /// <summary>Something for the log.</summary>
    void Note(ProbeNote note)
    {
    }

    void Dns(in DnsExchange exchange);

    /// <summary>Comes before every flow and exchange that began after it, as far as the kernel's queues keep their order.</summary>
    void Domain(in DomainObservation domain);
}

/// <summary>
/// The TCP and UDP flows of this host. The order in which <see cref="Drain"/> and <see cref="Sweep"/> run is what makes the byte
/// counts exact, so they never overlap.
/// </summary>
public interface INetProbe : IProbe
{
    /// <summary>Blocks until records wait, <paramref name="timeout"/> passes or the probe is woken.</summary>
    void Wait(TimeSpan timeout);

    /// <summary>Takes what the kernel has queued (DNS messages, closed connections) and what has timed out; returns the number of kernel records.</summary>
    int Drain(INetSink sink);

    /// <summary>Reads the counters of everything that is open, and drops flows that are idle; returns the number of kernel records.</summary>
    int Sweep(INetSink sink);
}
