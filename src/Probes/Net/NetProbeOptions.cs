using EbpfActors.Probes.Conntrack;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Tls.Capture;

namespace EbpfActors.Probes.Net;

/// <summary>What the net probe needs to know before it loads.</summary>
public sealed record NetProbeOptions
{
    /// <summary>Where cgroup2 is mounted; null where it is not, then it is mounted privately.</summary>
    public string? CgroupMount { get; init; }

    /// <summary>Looks for a mount again, while none could be had at the start.</summary>
    public Func<string?> FindCgroupMount { get; init; } = static () => null;

    /// <summary>How many TCP connections, and how many UDP flows, are tracked at most.</summary>
    public int MaxConnections { get; init; } = 65536;

    /// <summary>Size of each of the two rings in which the kernel tells of things: a power of two.</summary>
    public int RingBytes { get; init; } = 4 << 20;

    /// <summary>A UDP flow without a packet for this long has ended.</summary>
    public TimeSpan UdpIdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Also read the heads of HTTP/1.x messages.</summary>
    public bool Http { get; init; } = true;

    /// <summary>Bytes of a path at most; a longer one is cut and marked.</summary>
    public int HttpPathLength { get; init; } = 1024;

    /// <summary>Also read the heads of HTTP/1.x messages inside TLS; null leaves it out.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Ports that carry DNS, eight at most; none switches it off.</summary>
    public IReadOnlyList<ushort> DnsPorts { get; init; } = [53];

    /// <summary>A DNS query that was not answered for this long has timed out.</summary>
    public TimeSpan DnsTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>DNS exchanges carry the name that was asked.</summary>
    public bool DnsNames { get; init; }

    /// <summary>Knows where a DNS query went whose answer nobody seems to have asked for; null when nobody does.</summary>
    public INatLookup? Nat { get; init; }

    /// <summary>Hooks and rungs that are not to be used.</summary>
    public WithoutHooks Without { get; init; } = WithoutHooks.None;

    /// <summary>The host's root folder, under which network namespaces are bound to names.</summary>
    public string HostRoot { get; init; } = "/";

    /// <summary>The host's /proc, for process names longer than the kernel keeps.</summary>
    public string ProcRoot { get; init; } = "/proc";
}
