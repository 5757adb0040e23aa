namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// The translated connections of this host. Attaching reads the connections that there are and listens for others, as soon as the
/// kernel tracks connections at all; look-ups come from anywhere.
/// </summary>
public interface IConntrackProbe : INatLookup, IProbe
{
    /// <summary>Blocks until there is news, it is time to look for namespaces, or the probe is woken.</summary>
    void Wait();

    /// <summary>Takes the news, and looks for what has come or gone when it is time. True when <see cref="Hooks"/> are others than before.</summary>
    bool Turn();

    /// <summary>What is attached, or waited for, now; callable from any thread.</summary>
    IReadOnlyList<HookStatus> Hooks { get; }
}
