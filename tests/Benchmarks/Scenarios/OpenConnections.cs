using EbpfActors.Kernel.Tests.Traffic;

namespace EbpfActors.Benchmarks.Scenarios;

/// <summary>50,000 open connections, each of which moves a byte in every interval: what one flush of all of them costs.</summary>
internal static class OpenConnections
{
    private const int Connections = 50_000;
    private const int ClientAddresses = 200;

    /// <summary>Each holds two descriptors a connection, within the limit of 20,000 that many hosts set.</summary>
    private const int Holders = 6;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    public static IEnumerable<Row> Run(int rounds)
    {
        var holders = Enumerable.Range(0, Holders)
            .Select(i => (Connections * (i + 1) / Holders) - (Connections * i / Holders))
            .Select(share => Shell.Start(Environment.ProcessPath!, $"hold {share} {ClientAddresses}"))
            .ToList();
        holders.ForEach(holder => Expect(holder, "open"));
        // Both ends of a connection are sockets of this host.
        using var agent = AgentProcess.Start($"{Interval.TotalSeconds}s", "--max-connections", "131072");
        Thread.Sleep(Interval); // the first flush makes the aggregators
        var perFlush = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            holders.ForEach(holder => holder.StandardInput.WriteLine("touch"));
            holders.ForEach(holder => Expect(holder, "touched"));
            var before = agent.Cpu;
            Thread.Sleep(Interval);
            perFlush.Add((agent.Cpu - before).TotalSeconds);
        }

        var memory = agent.ResidentMegabytes;
        foreach (var holder in holders)
        {
            holder.StandardInput.Close();
            holder.WaitForExit();
            holder.Dispose();
        }

        yield return Row.Below("50,000 active connections, CPU per flush", "s", perFlush, 0.5);
        yield return Row.Below("50,000 active connections, resident memory", "MB", [memory], 200);
    }

    private static void Expect(System.Diagnostics.Process holder, string word)
    {
        var line = holder.StandardOutput.ReadLine();
        if (line != word)
        {
            throw new InvalidOperationException($"the connection holder said {line ?? holder.StandardError.ReadToEnd()}");
        }
    }
}
