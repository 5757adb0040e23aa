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
            var more = loss.Records - _lost.GetValueOrDefault(loss.Reason);
            _lost[loss.Reason] = loss.Records;
            stage.In(more);
            stage.Lost(loss.Reason, more);
        }

        foreach (var left in counters.LeftOut)
        {
            var more = left.Records - _leftOut.GetValueOrDefault(left.Reason);
            _leftOut[left.Reason] = left.Records;
            stage.In(more);
            stage.Filtered(left.Reason, more);
        }
    }
}
