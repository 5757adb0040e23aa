namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// The translated connections of this host. Attaching listens in every network namespace, and reads the connections that there
/// are; look-ups come from anywhere.
/// </summary>
public interface IConntrackProbe : INatLookup, IProbe
{
    /// <summary>Blocks until there is news, it is time to look for namespaces, or the probe is woken.</summary>
    void Wait();

    /// <summary>Takes the news, and looks for namespaces when it is time.</summary>
    void Turn();

    /// <summary>Where it listens now; callable from any thread.</summary>
    IReadOnlyList<HookStatus> Hooks { get; }
}
