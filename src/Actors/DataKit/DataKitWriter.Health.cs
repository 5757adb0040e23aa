using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>The writer's side that knows how DataKit fares, and when to end.</summary>
public sealed partial class DataKitWriter
{
    private static readonly TimeSpan ErrorReportInterval = TimeSpan.FromSeconds(10);
    private bool _closed;

    private void BackOff(PostAnswer answer)
    {
        var wait = _backoff.Fail(Random.Shared.NextDouble(), answer.RetryAfter);
        if (!_plan.BackingOff && _lastError != answer.Reason)
        {
            _log.Warning("DataKit at {Address} takes no points, next try in {Seconds} s: {Reason}", _options.BaseAddress, wait.TotalSeconds, answer.Reason);
        }

        (_plan.BackingOff, _lastError) = (true, answer.Reason);
        Timers.StartSingleTimer(nameof(Tick.Retry), Tick.Retry, wait);
    }

    private void Succeeded()
    {
        if (_lastSuccess is null || _lastError is not null)
        {
            _log.Info("DataKit at {Address} takes points", _options.BaseAddress);
        }

        (_lastSuccess, _lastError) = (_time.GetUtcNow(), null);
        _backoff.Reset();
    }

    private WriterStatus Status()
    {
        var account = _ledger.Snapshot();
        var rejected = account.Lost.GetValueOrDefault("rejected-by-datakit");
        var state = _plan.BackingOff ? WriterState.BackingOff
            : _options.SpoolDirectory is not null && !_plan.CanSpool ? WriterState.NoSpool
            : WriterState.Healthy;
        return new WriterStatus(
            state, _lastError, _lastSuccess, account.Out, rejected, account.Lost.Values.Sum() - rejected, _plan.Spool?.Status, _plan.Queue.Points);
    }

    private void Report(ReportLastError report)
    {
        // Best effort: DataKit shows the last error only, so a flood of them is no use to anybody.
        if (_time.GetUtcNow() >= _nextErrorReport)
        {
            _nextErrorReport = _time.GetUtcNow() + ErrorReportInterval;
            _ = _client.PostLastErrorAsync(report.Content, _stop.Token);
        }
    }

    private void Close()
    {
        if (_closer is not null)
        {
            return;
        }

        _closer = Sender;
        _plan.Closing = true;

        // With a spool the rest is safe at once; without one the last try is all there is.
        _plan.BackingOff &= _plan.CanSpool;
        Timers.StartSingleTimer(nameof(Tick.Deadline), Tick.Deadline, _options.CloseTimeout);
        Pump();
    }

    private void FinishClosing()
    {
        if (_closer is null || _closed)
        {
            return;
        }

        if (!_plan.CanSpool && !_plan.Posting && (_plan.BackingOff || _plan.DeadlineOver))
        {
            _ledger.Lost("shutdown", _plan.Abandon());
        }

        if (_plan.IsIdle)
        {
            _closed = true;
            Timers.CancelAll();
            _plan.Spool?.Dispose();
            _closer.Tell(OutputClosed.Instance);
        }
    }
}
