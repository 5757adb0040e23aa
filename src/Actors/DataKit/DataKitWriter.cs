using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// Brings points to DataKit, in order and without losing one in silence: one request at a time, to disk while DataKit is
/// away, oldest first when it is back. Keeps the ledger's stage <c>datakit</c>.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "PostStop is where an actor lets go of what it owns.")]
public sealed partial class DataKitWriter : ReceiveActor, IWithTimers
{
    /// <summary>A point of 1 MiB is dropped by DataKit without an error.</summary>
    private const int MaxLineBytes = 1_047_552;

    private readonly DataKitOptions _options;
    private readonly DataKitClient _client;
    private readonly LedgerStage _ledger;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stop = new();
    private readonly DeliveryPlan _plan;
    private readonly Backoff _backoff;
    private readonly RefusalLog _refusals;
    private IActorRef? _closer;
    private string? _lastError;
    private DateTimeOffset? _lastSuccess;
    private DateTimeOffset _nextErrorReport;

    public DataKitWriter(DataKitOptions options, FlowLedger ledger, TimeProvider? time, HttpMessageHandler? handler)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        _client = new DataKitClient(options, handler, _time);
        _ledger = ledger.Stage("datakit", "points");
        _plan = new DeliveryPlan(options);
        _backoff = new Backoff(options.BackoffMin, options.BackoffMax);
        _refusals = new RefusalLog(_log, _time);

        Receive<WritePoints>(Write);
        Receive<ReportLastError>(Report);
        Receive<GetWriterStatus>(_ => Sender.Tell(Status()));
        Receive<CloseOutput>(_ => Close());
        Receive<PostDone>(OnPosted);
        Receive<SpoolDone>(OnSpool);
        Receive<SpoolFailed>(OnSpoolFailed);
        Receive<SpoolOpened>(OnSpoolOpened);
        Receive<Tick>(OnTick);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The handler and the clock are replaced in tests.</summary>
    public static Props Props(DataKitOptions options, FlowLedger ledger, TimeProvider? time = null, HttpMessageHandler? handler = null) =>
        Akka.Actor.Props.Create(() => new DataKitWriter(options, ledger, time, handler));

    protected override void PreStart()
    {
        PrepareSpool();
        Balance();
        Pump();
    }

    protected override void PostStop()
    {
        // A post that is under way would otherwise outlive the actor and nobody would count its points.
        _stop.Cancel();
        _plan.Spool?.Dispose();
        _client.Dispose();
    }

    private void Write(WritePoints write)
    {
        var lines = write.Lines.IsDefault ? [] : ImmutableCollectionsMarshal.AsArray(write.Lines)!;
        _ledger.In(lines.Length);
        if (_closer is not null)
        {
            _ledger.Lost("writer-closed", lines.Length);
            return;
        }

        _plan.Queue.Enqueue(new PointBatch(write.Endpoint, WithoutTooLarge(lines), _time.GetUtcNow()));
        if (_plan.Queue.Shrink(_options.MaxMemoryPoints, _options.MaxMemoryBytes) is var dropped and > 0)
        {
            _ledger.Lost(_plan.CanSpool ? "spool-full" : "queue-full", dropped);
        }

        Pump();
        if (_plan.Queue.Points > 0 && !Timers.IsTimerActive(nameof(Tick.Linger)))
        {
            Timers.StartSingleTimer(nameof(Tick.Linger), Tick.Linger, _options.Linger);
        }
    }

    private byte[][] WithoutTooLarge(byte[][] lines)
    {
        if (!Array.Exists(lines, line => line.Length > MaxLineBytes))
        {
            return lines;
        }

        var kept = Array.FindAll(lines, line => line.Length <= MaxLineBytes);
        _ledger.Lost("too-large", lines.Length - kept.Length);
        return kept;
    }

    private void OnTick(Tick tick)
    {
        _plan.LingerOver |= tick == Tick.Linger;
        _plan.BackingOff &= tick != Tick.Retry;
        if (tick == Tick.Deadline)
        {
            _plan.DeadlineOver = true;
            _stop.Cancel();
        }
        else if (tick == Tick.Reopen)
        {
            PrepareSpool();
        }

        Pump();
    }

    /// <summary>Starts whatever may start now; called after every fact that changed.</summary>
    private void Pump()
    {
        PumpSpool();
        if (_plan.NextPost() is { } batch)
        {
            var (plan, delivery) = (_plan, new BatchDelivery(_client));
            Task.Run(() => delivery.DeliverAsync(batch, _stop.Token)).PipeTo(
                Self,
                success: result => new PostDone(plan, result),
                failure: failure => new PostDone(plan, new DeliveryResult(0, 0, new PostAnswer(PostOutcome.Retry, failure.Message))));
        }

        // A batch that has just been put in flight may have to be written ahead.
        PumpSpool();
        _plan.LingerOver &= _plan.Queue.Points > 0;
        FinishClosing();
    }

    private void OnPosted(PostDone done)
    {
        if (done.Plan != _plan)
        {
            return;
        }

        var result = done.Result;
        _plan.Posted(result.Settled);
        _ledger.Out(result.Accepted);
        _refusals.Add(result.Rejected, result.RejectReason);
        if (result.Rejected > 0)
        {
            _ledger.Lost("rejected-by-datakit", result.Rejected);
        }

        if (result.Last.Outcome == PostOutcome.Retry)
        {
            BackOff(result.Last);
        }
        else
        {
            Succeeded();
        }

        Pump();
    }

    private enum Tick
    {
        Linger,
        Retry,
        Reopen,
        Deadline,
    }

    /// <summary>Facts carry the plan that they belong to: after a restart, those of the writer before are not ours.</summary>
    private sealed record PostDone(DeliveryPlan Plan, DeliveryResult Result) : INoSerializationVerificationNeeded;
}
