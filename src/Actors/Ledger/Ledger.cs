using System.Collections.Concurrent;

namespace EbpfActors.Actors.Ledger;

/// <summary>
/// The account of everything that moves through the agent: every stage counts what came in, what went out and what was
/// lost, with the reason. In flight is the difference. Thread-safe.
/// </summary>
public sealed class FlowLedger
{
    private readonly ConcurrentDictionary<string, LedgerStage> _stages = new(StringComparer.Ordinal);

    /// <summary>The stage of that name, made on first use. <paramref name="unit"/> says what is counted, for example <c>points</c>.</summary>
    public LedgerStage Stage(string name, string unit) => _stages.GetOrAdd(name, n => new LedgerStage(n, unit));

    public IReadOnlyList<LedgerEntry> Snapshot() => [.. _stages.Values.Select(s => s.Snapshot()).OrderBy(e => e.Stage, StringComparer.Ordinal)];
}

/// <summary>One stage of the ledger. Thread-safe.</summary>
public sealed class LedgerStage(string name, string unit)
{
    private readonly ConcurrentDictionary<string, long> _lost = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _filtered = new(StringComparer.Ordinal);
    private long _in;
    private long _out;

    public void In(long count) => Interlocked.Add(ref _in, count);

    public void Out(long count) => Interlocked.Add(ref _out, count);

    /// <summary>Counts a loss under its reason (kebab-case, from a small fixed set: reasons are never built from data).</summary>
    public void Lost(string reason, long count) => _lost.AddOrUpdate(reason, count, (_, sum) => sum + count);

    /// <summary>Counts what was left out on purpose, which is no loss and no reason to warn; the same rules for the reason.</summary>
    public void Filtered(string reason, long count) => _filtered.AddOrUpdate(reason, count, (_, sum) => sum + count);

    /// <summary>Enters what a thread has counted as filtered on its own, and sets its count back.</summary>
    internal void CountFiltered(string reason, ref long count)
    {
        if (count > 0)
        {
            In(count);
            Filtered(reason, count);
            count = 0;
        }
    }

    public LedgerEntry Snapshot()
    {
        // Out, lost and filtered are read before in, so that a snapshot under traffic never shows a negative in-flight.
        var lost = _lost.ToDictionary(StringComparer.Ordinal);
        var filtered = _filtered.ToDictionary(StringComparer.Ordinal);
        var sent = Interlocked.Read(ref _out);
        return new LedgerEntry(name, unit, Interlocked.Read(ref _in), sent, lost) { Filtered = filtered };
    }
}

/// <summary>One stage's numbers: <c>In = Out + Filtered + Lost + InFlight</c>.</summary>
public sealed record LedgerEntry(string Stage, string Unit, long In, long Out, IReadOnlyDictionary<string, long> Lost)
{
    /// <summary>What was left out on purpose, by reason, for example <c>loopback</c>.</summary>
    public IReadOnlyDictionary<string, long> Filtered { get; init; } = new Dictionary<string, long>();

    public long InFlight => In - Out - Filtered.Values.Sum() - Lost.Values.Sum();
}
