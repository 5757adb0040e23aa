using System.Buffers;
using System.Runtime.InteropServices;
using EbpfActors.Actors.Ledger;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>
/// Sums the records of one drain or sweep by key, so that what crosses into the actors is one batch and not a message a
/// record. Belongs to the reader's thread; allocates nothing per record in steady state.
/// </summary>
public sealed class FlowTable(FlowTableOptions options, LedgerStage stage)
{
    private readonly Dictionary<FlowKey, FlowTotals> _flows = new(options.BatchKeys);
    private long _records;
    private long _loopback;
    private long _noAddress;
    private long _noPort;

    /// <summary>True when the batch has its size and should be taken.</summary>
    public bool IsFull => _flows.Count >= options.BatchKeys;

    /// <summary>True when there is nothing to take.</summary>
    public bool IsEmpty => _records == 0;

    public void Add(in FlowDelta delta)
    {
        switch (FlowFilter.Judge(delta, options.IncludeLoopback))
        {
            case FlowVerdict.Keep:
                ref var totals = ref CollectionsMarshal.GetValueRefOrAddDefault(_flows, FlowKey.Of(delta.Flow, options.EphemeralPortStart), out _);
                totals += FlowTotals.Of(delta);
                _records++;
                break;
            case FlowVerdict.Loopback: _loopback++; break;
            case FlowVerdict.NoAddress: _noAddress++; break;
            case FlowVerdict.NoPort: _noPort++; break;
            case FlowVerdict.NothingHappened: break;
        }
    }

    /// <summary>Enters what was left out on purpose into the ledger; <see cref="Take"/> enters the rest.</summary>
    public void CountFiltered()
    {
        Count(ref _loopback, "loopback");
        Count(ref _noAddress, "no-address");
        Count(ref _noPort, "no-port");
    }

    /// <summary>Hands over the batch and its place in the ledger. The credit must have been taken.</summary>
    public FlowBatch Take(CreditGate credits)
    {
        var items = ArrayPool<KeyedTotals>.Shared.Rent(_flows.Count);
        var count = 0;
        foreach (var (key, totals) in _flows)
        {
            items[count++] = new KeyedTotals(key, totals);
        }

        var batch = new FlowBatch(items, count, _records, credits);
        stage.In(_records);
        Clear();
        return batch;
    }

    /// <summary>Gives up what is held and counts it as lost.</summary>
    public void Discard(string reason)
    {
        stage.In(_records);
        stage.Lost(reason, _records);
        Clear();
    }

    private void Clear()
    {
        _flows.Clear();
        _records = 0;
    }

    private void Count(ref long count, string reason)
    {
        if (count > 0)
        {
            stage.In(count);
            stage.Filtered(reason, count);
            count = 0;
        }
    }
}
