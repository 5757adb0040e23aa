using Akka.Actor;
using Akka.Event;
using FASTER.core;

namespace EbpfActors.Actors.DataKit;

/// <summary>The writer's side that faces the disk.</summary>
public sealed partial class DataKitWriter
{
    private static readonly TimeSpan ReopenAfter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Restamped = TimeSpan.FromHours(2);
    private bool _toldRestamped;

    private void PrepareSpool()
    {
        _plan.CanSpool = _options.SpoolDirectory is not null;
        _plan.MustOpenFirst = _plan.CanSpool && Spool.ExistsIn(_options.SpoolDirectory!);
    }

    private void PumpSpool()
    {
        var step = _plan.NextSpoolStep();
        if (step == SpoolStep.None)
        {
            return;
        }

        _plan.SpoolBusy = true;
        var (plan, spool) = (_plan, _plan.Spool);
        switch (step)
        {
            case SpoolStep.Open:
                var options = _options;
                var ledger = _ledger;
                Task.Run(() => new Spool(options.SpoolDirectory!, options.SpoolBytes, ledger))
                    .PipeTo(Self, success: opened => new SpoolOpened(plan, opened), failure: failure => new SpoolFailed(plan, failure, null));
                break;
            case SpoolStep.Peek:
                spool!.PeekAsync(_options.MaxBatchPoints, _options.MaxBatchBytes)
                    .PipeTo(Self, success: batch => new SpoolDone(plan, step, batch), failure: failure => new SpoolFailed(plan, failure, null));
                break;
            case SpoolStep.Settle:
                Track(step, spool!.SettleAsync(_plan.Unsettled!.Value), null);
                break;
            case SpoolStep.AppendFlight:
                var flight = _plan.SpoolFlight();
                Track(step, spool!.AppendAsync(flight, pinned: true), flight);
                break;
            case SpoolStep.AppendQueued:
                var batch = _plan.Queue.Dequeue();
                Track(step, spool!.AppendAsync(batch), batch);
                break;
        }
    }

    private void Track(SpoolStep step, Task work, PointBatch? appending)
    {
        var plan = _plan;
        work.PipeTo(Self, success: () => new SpoolDone(plan, step, null), failure: failure => new SpoolFailed(plan, failure, appending));
    }

    private void OnSpool(SpoolDone done)
    {
        if (done.Plan != _plan)
        {
            return;
        }

        _plan.SpoolBusy = false;
        switch (done.Step)
        {
            case SpoolStep.Peek:
                _plan.Peeked(done.Batch);
                TellIfRestamped(done.Batch);
                break;
            case SpoolStep.Settle:
                _plan.Settled();
                break;
            case SpoolStep.AppendFlight:
                _plan.FlightIsSpooled();
                break;
        }

        Pump();
    }

    private void OnSpoolOpened(SpoolOpened opened)
    {
        if (opened.Plan != _plan)
        {
            opened.Spool.Dispose();
            return;
        }

        _plan.SpoolBusy = false;
        _plan.MustOpenFirst = false;
        _plan.Spool = opened.Spool;
        Balance();
        if (opened.Spool.Entries > 0)
        {
            _log.Info("{Points} points of an earlier run wait in the spool {Directory}", opened.Spool.Points, _options.SpoolDirectory);
        }

        Pump();
    }

    private void OnSpoolFailed(SpoolFailed failed)
    {
        if (failed.Plan != _plan)
        {
            return;
        }

        var reason = failed.Reason is CommitFailureException ? "a write failed (is the disk full?)" : failed.Reason.Message;
        _lastError = $"spool: {reason}";
        _log.Warning("The spool {Directory} cannot be used, points wait in memory only: {Reason}", _options.SpoolDirectory, reason);
        _plan.SpoolBusy = false;
        _plan.Spool?.Dispose();
        _plan.SpoolLost(failed.Appending);
        Timers.StartSingleTimer(nameof(Tick.Reopen), Tick.Reopen, ReopenAfter);
        Pump();
    }

    private void TellIfRestamped(PointBatch? batch)
    {
        if (batch is not null && !_toldRestamped && _time.GetUtcNow() - batch.Written > Restamped)
        {
            _toldRestamped = true;
            _log.Warning("Points older than two hours are being replayed: DataKit gives them the current time and keeps theirs in __orig_time");
        }
    }

    /// <summary>
    /// Makes the ledger's in-flight equal to what is held: points of an earlier run come in here, and what a crashed writer
    /// held in memory is lost here.
    /// </summary>
    private void Balance()
    {
        if (_plan.MustOpenFirst)
        {
            return;
        }

        var found = _plan.Held - _ledger.Snapshot().InFlight;
        if (found > 0)
        {
            _ledger.In(found);
        }
        else if (found < 0)
        {
            _ledger.Lost("writer-restart", -found);
        }
    }

    private sealed record SpoolDone(DeliveryPlan Plan, SpoolStep Step, PointBatch? Batch) : INoSerializationVerificationNeeded;

    private sealed record SpoolFailed(DeliveryPlan Plan, Exception Reason, PointBatch? Appending) : INoSerializationVerificationNeeded;

    private sealed record SpoolOpened(DeliveryPlan Plan, Spool Spool) : INoSerializationVerificationNeeded;
}
