namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>An agent that has nothing to do.</summary>
internal static class Idle
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    public static IEnumerable<Row> Run(int rounds)
    {
        using var agent = AgentProcess.Start("10s");
        Thread.Sleep(Settle);
        var cpu = new List<double>();
        for (var i = 0; i < Math.Min(rounds, 3); i++)
        {
            var before = agent.Cpu;
            Thread.Sleep(Window);
            cpu.Add((agent.Cpu - before) / Window * 100);
        }

        yield return Row.Below("idle CPU", "% of a core", cpu, 0.5);
        yield return Row.Below("idle resident memory", "MB", [agent.ResidentMegabytes], 100);
    }
}
