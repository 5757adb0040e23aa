namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// The translated connections of this host. One thread owns an instance from <see cref="Attach"/> on; look-ups come from
/// anywhere. Methods throw <see cref="BpfException"/> when the kernel refuses.
/// </summary>
public interface IConntrackProbe : INatLookup, IDisposable
{
    /// <summary>Listens in every network namespace, and reads the connections that there are.</summary>
    IReadOnlyList<HookStatus> Attach();

    /// <summary>Blocks until there is news, it is time to look for namespaces, or <see cref="Wake"/> is called.</summary>
    void Wait();

    /// <summary>Ends a <see cref="Wait"/> from any thread.</summary>
    void Wake();

    /// <summary>Takes the news, and looks for namespaces when it is time.</summary>
    void Turn();

    /// <summary>Where it listens now; callable from any thread.</summary>
    IReadOnlyList<HookStatus> Hooks { get; }

    /// <summary>Callable from any thread.</summary>
    ProbeCounters Counters();
}
