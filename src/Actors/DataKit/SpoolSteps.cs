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

/// <summary>Carries out the steps that the plan asks of the spool, away from the writer's thread. Never throws.</summary>
internal sealed class SpoolSteps(DataKitOptions options, LedgerStage ledger)
{
    public async Task<SpoolStepDone> RunAsync(SpoolStep step, DeliveryPlan plan)
    {
        var (spool, unsettled, batch) = (plan.Spool, plan.Unsettled ?? 0, plan.Begin(step));
        try
        {
            switch (step)
            {
                case SpoolStep.Open:
                    var opened = await Task.Run(() => new Spool(options.SpoolDirectory!, options.SpoolBytes, ledger));
                    return new SpoolStepDone(plan, step, null, opened);
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
}
