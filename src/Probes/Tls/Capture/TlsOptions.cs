using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Tls.Discovery;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>What TLS capture needs to know before it loads.</summary>
public sealed record TlsOptions
{
    /// <summary>Starts to look for libraries, without the given hooks, and tells the sink; disposing what it gives ends that.</summary>
    public required Func<ITlsDiscoverySink, WithoutHooks, IDisposable> Discover { get; init; }

    /// <summary>TLS sessions that are followed at once; the kernel forgets the one that was idle for longest.</summary>
    public int MaxSessions { get; init; } = 16384;

    /// <summary>Hooks and rungs that are not to be used.</summary>
    public WithoutHooks Without { get; init; } = WithoutHooks.None;

    /// <summary>Opens the object anew each time.</summary>
    internal Func<BpfObject> Open { get; init; } = () => BpfObject.Open("tls");

    /// <summary>Capture of every library that any process of the host uses, but for those whose path matches a pattern.</summary>
    public static TlsOptions OfHost(string procRoot, IReadOnlyList<string> exclude) => new()
    {
        Discover = (sink, without) =>
        {
            var discovery = new TlsDiscovery(new TlsDiscoveryOptions { ProcRoot = procRoot, Exclude = exclude, Without = without }, sink);
            discovery.Start();
            return discovery;
        },
    };
}
