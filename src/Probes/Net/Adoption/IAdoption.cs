namespace EbpfActors.Probes.Net.Adoption;

/// <summary>
/// A way to find sockets that are older than the agent, and owners that no hook has told: one rung of the hook <c>adopt</c>. What it
/// finds it puts into the kernel's tables. Belongs to the probe's thread.
/// </summary>
internal interface IAdoption : IDisposable
{
    /// <param name="what">As the control map says it, too.</param>
    void Run(AdoptWhat what);
}
