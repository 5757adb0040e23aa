namespace EbpfActors.Probes;

/// <summary>
/// What all probes have in common. One thread owns an instance from <see cref="Attach"/> on; disposing it detaches. Methods throw
/// <see cref="BpfException"/> when the kernel refuses.
/// </summary>
public interface IProbe : IDisposable
{
    /// <summary>Loads and attaches; one entry for each logical hook, with the rung of its ladder that was taken.</summary>
    IReadOnlyList<HookStatus> Attach();

    /// <summary>
    /// Why a new probe would do better than this one: something that was refused when this one was attached is allowed now. Null when
    /// nothing has changed, which has to be cheap to find out. It must be so, and not only seem so: the probe is made anew for it.
    /// Called every ten seconds by the thread that owns the probe, once it is attached.
    /// </summary>
    string? CouldDoBetter() => null;

    /// <summary>Ends a wait for the kernel from any thread.</summary>
    void Wake();

    /// <summary>Counters of the kernel side and of the decoder; callable from any thread.</summary>
    ProbeCounters Counters();
}
