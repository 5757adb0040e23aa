using EbpfActors.Actors.Ledger;
using EbpfActors.Probes;

namespace EbpfActors.Actors.Probes;

/// <summary>Carries the counters of one probe into the ledger: each time what has come since the last time. Not thread-safe.</summary>
internal sealed class KernelLosses(LedgerStage stage)
{
    private readonly Dictionary<string, long> _lost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _leftOut = new(StringComparer.Ordinal);
    private long _records;

    public void Enter(ProbeCounters counters)
    {
        var records = counters.Records - _records;
        _records = counters.Records;
        stage.In(records);
        stage.Out(records);
        foreach (var loss in counters.Losses)
        {
            stage.Lost(loss.Reason, More(_lost, loss));
        }

        foreach (var left in counters.LeftOut)
        {
            stage.Filtered(left.Reason, More(_leftOut, left));
        }
    }

    private long More(Dictionary<string, long> known, ProbeLoss now)
    {
        var more = now.Records - known.GetValueOrDefault(now.Reason);
        known[now.Reason] = now.Records;
        stage.In(more);
        return more;
    }
}
