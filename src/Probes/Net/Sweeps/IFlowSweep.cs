namespace EbpfActors.Probes.Net.Sweeps;

/// <summary>A way to read the counters of the flows that are open: one rung of the hook <c>sweep</c>. Belongs to the probe's thread.</summary>
internal interface IFlowSweep : IDisposable
{
    /// <summary>Receives a whole number of <see cref="FlowEvent"/> records; the span dies with the call.</summary>
    internal delegate void Consumer(ReadOnlySpan<byte> records);

    /// <summary>Hands out the flows whose counters moved since the last sweep, or all when the control map says so.</summary>
    /// <exception cref="BpfException">The kernel refused, or gave no end.</exception>
    void Run(Consumer consume);
}
