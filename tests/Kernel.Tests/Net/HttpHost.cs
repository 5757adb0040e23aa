namespace EbpfActors.Kernel.Tests.Net;

/// <summary>One recorder for the tests of a class. The counters only grow, so each test compares them with what they were.</summary>
public sealed class HttpHost : IDisposable
{
    internal FlowRecorder Recorder { get; } = new();

    /// <summary>How many records each reason has cost so far; reasons of netflow, which sees the whole host, are left out.</summary>
    internal IReadOnlyDictionary<string, long> Missing() => Recorder.Counters.Losses.Concat(Recorder.Counters.LeftOut)
        .Where(l => l.Reason.StartsWith("http", StringComparison.Ordinal)).ToDictionary(l => l.Reason, l => l.Records);

    /// <summary>What came to it since, by reason.</summary>
    internal string MissingSince(IReadOnlyDictionary<string, long> before) => string.Join(
        ", ",
        Missing().Select(m => (Reason: m.Key, Count: m.Value - before.GetValueOrDefault(m.Key))).Where(m => m.Count != 0)
            .OrderBy(m => m.Reason, StringComparer.Ordinal).Select(m => $"{m.Reason} {m.Count}"));

    public void Dispose() => Recorder.Dispose();
}
