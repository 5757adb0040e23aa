namespace EbpfActors.Agent.Configuration;

/// <summary>How flows are observed and aggregated.</summary>
public sealed record NetOptions
{
    /// <summary>How often aggregated flows are reported, 1 s to 30 min.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Client ports from this one on are reported as <c>*</c>; 0, the default, hides every client port.</summary>
    public required int EphemeralPort { get; init; }

    public required bool IPv6Disabled { get; init; }

    /// <summary>Keep flows that have a loopback address on either side.</summary>
    public required bool IncludeLoopback { get; init; }

    /// <summary>Keep the HTTP exchanges of the agent itself and of DataKit.</summary>
    public required bool IncludeDataKit { get; init; }

    /// <summary>A UDP flow without traffic for this long is forgotten.</summary>
    public required TimeSpan UdpIdleTimeout { get; init; }

    /// <summary>Size of the kernel's table of open flows, as far as the memory allows.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>Size of the kernel's table of TLS sessions.</summary>
    public required int MaxTlsSessions { get; init; }

    /// <summary>Size of each ring between kernel and agent.</summary>
    public required int RingBytes { get; init; }

    /// <summary>Bytes of an HTTP path that are kept at most, 64 to 4096.</summary>
    public required int HttpPathLength { get; init; }

    /// <summary>Distinct HTTP paths of one connection key; what exceeds is reported as <c>~other</c>.</summary>
    public required int HttpPathsPerFlow { get; init; }

    /// <summary>Distinct HTTP paths of all connection keys together.</summary>
    public required int HttpPathsTotal { get; init; }
}
