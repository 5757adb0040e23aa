namespace EbpfActors.Benchmarks;

/// <summary>Measures without and with the agent, back to back, so that a noisy machine is noisy for both.</summary>
internal static class Pairs
{
    public static IReadOnlyList<(double Off, double On)> Measure(int rounds, Func<double> measure)
    {
        measure(); // caches, CPU frequency, the server's workers
        var pairs = new List<(double, double)>();
        for (var i = 0; i < rounds; i++)
        {
            // Every other pair the other way round: what drifts in one direction does not favour one side.
            pairs.Add(i % 2 == 0 ? (measure(), WithAgent(measure)) : Swap(WithAgent(measure), measure()));
        }

        return pairs;
    }

    private static double WithAgent(Func<double> measure)
    {
        using var agent = AgentProcess.Start();
        return measure();
    }

    private static (double Off, double On) Swap(double on, double off) => (off, on);
}
