using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// A step of the spool is over. The batch is the one that was read or written. A fact carries the plan that it belongs to:
/// after a restart of the writer, those of the plan before are nobody's.
/// </summary>
internal sealed record SpoolStepDone(DeliveryPlan Plan, SpoolStep Step, PointBatch? Batch, Spool? Opened = null, Exception? Failure = null)
    : INoSerializationVerificationNeeded, IDeadLetterSuppression;

/// <summary>
/// Carries out the steps that the plan asks of the spool, away from the writer's thread, and owns the spool that was opened: one whose
/// opening ends after the writer is closed again. No step throws.
/// </summary>
internal sealed class SpoolSteps(DataKitOptions options, LedgerStage ledger, Action<string> warn) : IDisposable
{
    private readonly Lock _lock = new();
    private Spool? _opened;
    private bool _disposed;

    public async Task<SpoolStepDone> RunAsync(SpoolStep step, DeliveryPlan plan)
    {
        var (spool, unsettled, batch) = (plan.Spool, plan.Unsettled ?? 0, plan.Begin(step));
        try
        {
            switch (step)
            {
                case SpoolStep.Open:
                    return new SpoolStepDone(plan, step, null, await Task.Run(Open));
                case SpoolStep.Peek:
                    return new SpoolStepDone(plan, step, await spool!.PeekAsync(options.MaxBatchPoints, options.MaxBatchBytes));
                case SpoolStep.Settle:
                    await spool!.SettleAsync(unsettled);
                    break;
                default:
                    await spool!.AppendAsync(batch!, pinned: step == SpoolStep.AppendFlight);
                    break;
            }

            return new SpoolStepDone(plan, step, batch);
        }
        catch (Exception failure)
        {
            return new SpoolStepDone(plan, step, batch, Failure: failure);
        }
    }

    /// <summary>Closes the spool. What is still going on with it ends first, or fails.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _opened?.Dispose();
    }

    private Spool Open()
    {
        var spool = new Spool(options.SpoolDirectory!, options.SpoolBytes, ledger, warn);
        lock (_lock)
        {
            if (!_disposed)
            {
                return _opened = spool;
            }
        }

        spool.Dispose();
        throw new ObjectDisposedException(nameof(SpoolSteps));
    }
}
