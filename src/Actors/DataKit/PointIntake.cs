using System.Runtime.InteropServices;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>Takes points into the queue and counts those that cannot stay there.</summary>
internal sealed class PointIntake(DataKitOptions options, LedgerStage ledger, TimeProvider time)
{
    /// <summary>A point of 1 MiB is dropped by DataKit without an error; one of this length was seen to arrive.</summary>
    private const int MaxLineBytes = 1_047_552;

    public void Take(WritePoints write, DeliveryPlan plan)
    {
        var lines = write.Lines.IsDefault ? [] : ImmutableCollectionsMarshal.AsArray(write.Lines)!;
        ledger.In(lines.Length);
        if (plan is { Closing: true, CanSpool: false })
        {
            ledger.Lost("writer-closed", lines.Length);
            return;
        }

        plan.Queue.Enqueue(new PointBatch(write.Endpoint, WithoutTooLarge(lines), time.GetUtcNow()));
        if (plan.Queue.Shrink(options.MaxMemoryPoints, options.MaxMemoryBytes) is var dropped and > 0)
        {
            ledger.Lost(plan.CanSpool ? "spool-full" : "queue-full", dropped);
        }
    }

    /// <summary>
    /// Makes the ledger's in-flight equal to what is held: points of an earlier run come in here, and what a crashed writer
    /// held in memory is lost here, as is what a damaged spool does not give back.
    /// </summary>
    public void Balance(DeliveryPlan plan)
    {
        var damaged = plan.Spool?.LostBefore ?? 0;
        var found = plan.Held + damaged - ledger.Snapshot().InFlight;
        if (found > 0)
        {
            ledger.In(found);
        }
        else if (found < 0)
        {
            ledger.Lost("writer-restart", -found);
        }

        if (damaged > 0)
        {
            ledger.Lost("spool-corrupt", damaged);
        }
    }

    private byte[][] WithoutTooLarge(byte[][] lines)
    {
        if (!Array.Exists(lines, line => line.Length > MaxLineBytes))
        {
            return lines;
        }

        var kept = Array.FindAll(lines, line => line.Length <= MaxLineBytes);
        ledger.Lost("too-large", lines.Length - kept.Length);
        return kept;
    }
}
