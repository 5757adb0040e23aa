namespace EbpfActors.TestSupport;

/// <summary>
/// The beginning and the end of every run of tests, as a fixture of its assembly. What killed runs left is removed and what this run starts
/// is marked; at the end goes what tests left that failed half-way.
/// </summary>
public sealed class TestRun : IDisposable
{
    public TestRun()
    {
        Leftovers.Sweep(OwnedName.IsGone);
        OwnedProcesses.Mark();
    }

    public void Dispose() => Leftovers.Sweep(process => process == Environment.ProcessId);
}
