namespace EbpfActors.Benchmarks;

/// <summary>Measures without and with the agent, back to back, so that a noisy machine is noisy for both.</summary>
internal static class Pairs
{
    /// <summary>What makes the agent leave HTTP alone: the cost of netflow by itself.</summary>
    public static readonly string[] NetflowOnly = ["--l7net-disabled", "httpflow,httpflow-tls"];

    public static IReadOnlyList<(double Off, double On)> Measure(int rounds, Func<double> measure, params string[] flags)
    {
        measure(); // caches, CPU frequency, the server's workers
        var pairs = new List<(double, double)>();
        for (var i = 0; i < rounds; i++)
        {
            // Every other pair the other way round: what drifts in one direction does not favour one side.
            pairs.Add(i % 2 == 0 ? (measure(), WithAgent(measure, flags)) : Swap(WithAgent(measure, flags), measure()));
        }

        return pairs;
    }

    private static double WithAgent(Func<double> measure, string[] flags)
    {
        using var agent = AgentProcess.Start("10s", flags);
        measure(); // what a service that runs for months compiles in its first seconds is no cost of a request
        return measure();
    }

    private static (double Off, double On) Swap(double on, double off) => (off, on);
}
