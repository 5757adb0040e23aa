namespace EbpfActors.Probes.Conntrack;

/// <summary>
/// One rung of the ladder: a way in which news of translated connections gets into the table. One thread owns an instance;
/// <see cref="CatchUp"/>, <see cref="Wake"/> and the properties may be used from any, until it is disposed of.
/// </summary>
internal interface INatRung : IDisposable
{
    /// <summary>What is to be said of it beside its name; empty when nothing.</summary>
    string Detail { get; }

    /// <summary>What is not attached that others of its kind are, for example in one namespace.</summary>
    IReadOnlyList<HookStatus> Problems { get; }

    /// <summary>Events taken in so far.</summary>
    long News { get; }

    /// <summary>Events that found no room before they were taken in; a dump makes up for them.</summary>
    long Overruns { get; }

    /// <summary>Takes in the connections that there are and hears of every other from then on.</summary>
    /// <exception cref="BpfException">The kernel allows this nowhere.</exception>
    void Attach();

    /// <summary>Blocks until there is something to do, or <see cref="Wake"/>, but no longer than <see cref="ConntrackOptions.LookEvery"/>.</summary>
    void Wait();

    /// <summary>Ends a wait.</summary>
    void Wake();

    /// <summary>Does what is due.</summary>
    void Turn();

    /// <summary>Takes in what the kernel has said so far.</summary>
    void CatchUp();
}
