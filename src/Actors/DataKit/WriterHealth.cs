using Akka.Event;
using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.DataKit;

/// <summary>How the writer fares: keeps what its status tells, and says in the log what changes, never once per point.</summary>
internal sealed class WriterHealth(DataKitOptions options, LedgerStage ledger, TimeProvider time, ILoggingAdapter log)
{
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Restamped = TimeSpan.FromHours(2);
    private readonly Backoff _backoff = new(options.BackoffMin, options.BackoffMax);
    private string? _lastError;
    private DateTimeOffset? _lastSuccess;
    private DateTimeOffset _nextRefusal;
    private long _refused;
    private bool _toldRestamped;
    private bool _toldTakes;
    private bool _isAway;

    public WriterStatus Status(DeliveryPlan plan)
    {
        var account = ledger.Snapshot();
        var rejected = account.Lost.GetValueOrDefault("rejected-by-datakit");
        // A try that is under way does not make DataKit healthy; its answer may.
        var state = plan.BackingOff || _isAway ? WriterState.BackingOff
            : options.SpoolDirectory is not null && !plan.CanSpool ? WriterState.NoSpool
            : WriterState.Healthy;
        return new WriterStatus(
            state,
            _lastError,
            _lastSuccess,
            account.Out,
            rejected,
            account.Lost.Values.Sum() - rejected,
            plan.Spool?.Status,
            options.SpoolDirectory is null ? 0 : options.SpoolBytes,
            plan.Queue.Points);
    }

    /// <summary>DataKit took a request, whatever came next.</summary>
    public void Progressed()
    {
        _lastSuccess = time.GetUtcNow();
        _backoff.Reset();
    }

    /// <summary>DataKit took all that it was asked to, or refused points of it for good.</summary>
    public void Succeeded()
    {
        if (!_toldTakes || _lastError is not null)
        {
            _toldTakes = true;
            log.Info("DataKit at {Address} takes points", options.BaseAddress);
        }

        (_lastSuccess, _lastError, _isAway) = (time.GetUtcNow(), null, false);
        _backoff.Reset();
    }

    /// <summary>DataKit takes nothing; returns how long to leave it alone.</summary>
    public TimeSpan Failed(PostAnswer answer)
    {
        var wait = _backoff.Fail(Random.Shared.NextDouble(), answer.RetryAfter);
        if (_lastError != answer.Reason)
        {
            log.Warning("DataKit at {Address} takes no points, next try in {Seconds} s: {Reason}", options.BaseAddress, wait.TotalSeconds, answer.Reason);
        }

        (_lastError, _isAway) = (answer.Reason, true);
        return wait;
    }

    public void Refused(int points, string? reason)
    {
        _refused += points;
        if (points > 0 && time.GetUtcNow() >= _nextRefusal)
        {
            log.Warning("DataKit refused {Points} points, which are lost: {Reason}", _refused, reason);
            (_nextRefusal, _refused) = (time.GetUtcNow() + RefusalInterval, 0);
        }
    }

    public void Abandoned(long points) =>
        log.Warning("{Points} points were neither delivered nor spooled before the end, and are lost", points);

    public void Replaying(PointBatch? batch)
    {
        if (batch is not null && !_toldRestamped && time.GetUtcNow() - batch.Written > Restamped)
        {
            _toldRestamped = true;
            log.Warning("Points older than two hours are being replayed: DataKit gives them the current time and keeps theirs in __orig_time");
        }
    }

    public void SpoolOpened(Spool spool)
    {
        if (spool.Entries > 0)
        {
            log.Info("{Points} points of an earlier run wait in the spool {Directory}", spool.Points, options.SpoolDirectory);
        }
    }

    /// <summary>From any thread.</summary>
    public void SpoolWarns(string sentence) => log.Warning("{Sentence} ({Directory})", sentence, options.SpoolDirectory);

    public void SpoolFailed(Exception failure)
    {
        _lastError = $"spool: {failure.Message}";
        log.Warning("The spool {Directory} cannot be used, points wait in memory only: {Reason}", options.SpoolDirectory, failure.Message);
    }
}
