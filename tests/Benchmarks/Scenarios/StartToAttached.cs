namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>From exec to the log line that says ready.</summary>
internal static class StartToAttached
{
    public static IEnumerable<Row> Run(int rounds)
    {
        var seconds = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            using var agent = AgentProcess.Start();
            seconds.Add(agent.StartToReady.TotalSeconds);
        }

        yield return Row.Below("start to attached", "s", seconds, 2);
    }
}
