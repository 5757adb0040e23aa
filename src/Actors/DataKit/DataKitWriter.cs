using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.DataKit;

/// <summary>
/// Brings points to DataKit, in order and without losing one in silence: one request at a time, to disk while DataKit is
/// away, oldest first when it is back. Keeps the ledger's stage <c>datakit</c>. <see cref="DeliveryPlan"/> decides.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "PostStop is where an actor lets go of what it owns.")]
public sealed class DataKitWriter : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ErrorReportInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReopenAfter = TimeSpan.FromMinutes(1);

    private readonly DataKitOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerStage _ledger;
    private readonly DataKitClient _client;
    private readonly DeliveryPlan _plan;
    private readonly SpoolSteps _steps;
    private readonly PointIntake _intake;
    private readonly WriterHealth _health;
    private readonly RefusalSearch _search = new();
    private readonly RequestPace _pace;
    private readonly CancellationTokenSource _stop = new();
    private IActorRef? _closer;
    private DateTimeOffset _nextErrorReport;

    public DataKitWriter(DataKitOptions options, FlowLedger ledger, TimeProvider? time, HttpMessageHandler? handler)
    {
        (_options, _time, _ledger) = (options, time ?? TimeProvider.System, ledger.Stage("datakit", "points"));
        _client = new DataKitClient(options, handler, _time);
        _plan = new DeliveryPlan(options);
        _intake = new PointIntake(options, _ledger, _time);
        _health = new WriterHealth(options, _ledger, _time, Context.GetLogger());
        _steps = new SpoolSteps(options, _ledger, _health.SpoolWarns);

        _pace = new RequestPace(Context.System.Scheduler);

        Receive<WritePoints>(Write);
        Receive<ReportLastError>(Report);
        Receive<GetWriterStatus>(_ => Sender.Tell(_health.Status(_plan)));
        Receive<CloseOutput>(_ => Close());
        Receive<PostDone>(OnPosted, done => done.Plan == _plan);
        Receive<SpoolStepDone>(OnSpool, done => done.Plan == _plan);
        Receive<SpoolStepDone>(_ => { });
        Receive<Tick>(OnTick);
        Receive<PostDone>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool HasSpoolFiles => _options.SpoolDirectory is { } directory && Spool.ExistsIn(directory);

    /// <summary>The handler and the clock are replaced in tests.</summary>
    public static Props Props(DataKitOptions options, FlowLedger ledger, TimeProvider? time = null, HttpMessageHandler? handler = null) =>
        Akka.Actor.Props.Create(() => new DataKitWriter(options, ledger, time, handler));

    protected override void PreStart()
    {
        _plan.Prepare(HasSpoolFiles);
        if (!_plan.MustOpenFirst)
        {
            _intake.Balance(_plan);
        }

        Pump();
    }

    protected override void PostStop()
    {
        // A post that is under way would otherwise outlive the actor, and nobody would count its points.
        _stop.Cancel();
        if (_closer is not null)
        {
            Abandon();
        }

        _steps.Dispose();
        _client.Dispose();
    }

    private void Write(WritePoints write)
    {
        _intake.Take(write, _plan);
        Pump();
        if (_plan.Queue.Points > 0 && !Timers.IsTimerActive(nameof(Tick.Linger)))
        {
            Timers.StartSingleTimer(nameof(Tick.Linger), Tick.Linger, _options.Linger);
        }
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

    private void OnPosted(PostDone done)
    {
        var result = done.Result;
        _plan.Posted(result.Settled);
        _ledger.Out(result.Accepted);
        _health.Refused(result.Rejected, result.RejectReason);
        if (result.Rejected > 0)
        {
            _ledger.Lost("rejected-by-datakit", result.Rejected);
        }

        if (result.Accepted > 0)
        {
            _health.Progressed();
        }

        if (result.Pause is { } pause)
        {
            _plan.Pausing = true;
            Timers.StartSingleTimer(nameof(Tick.Pace), Tick.Pace, pause);
        }
        else if (result.Last.Outcome == PostOutcome.Retry)
        {
            _plan.BackingOff = true;
            Timers.StartSingleTimer(nameof(Tick.Retry), Tick.Retry, _health.Failed(result.Last));
        }
        else
        {
            _health.Succeeded();
        }

        Pump();
    }

    private void OnSpool(SpoolStepDone done)
    {
        var failed = _plan.Spool;
        _plan.Done(done);
        if (done.Failure is not null)
        {
            failed?.Dispose();
            _health.SpoolFailed(done.Failure);
            Timers.StartSingleTimer(nameof(Tick.Reopen), Tick.Reopen, ReopenAfter);
        }
        else if (done.Opened is not null)
        {
            _intake.Balance(_plan);
            _health.SpoolOpened(done.Opened);
        }
        else if (done.Step == SpoolStep.Peek)
        {
            _health.Replaying(done.Batch);
        }

        Pump();
    }

    private void OnTick(Tick tick)
    {
        _plan.LingerOver |= tick == Tick.Linger;
        _plan.BackingOff &= tick != Tick.Retry;
        _plan.Pausing &= tick != Tick.Pace;
        if (tick == Tick.Deadline)
        {
            _plan.DeadlineOver = true;
            _stop.Cancel();
        }
        else if (tick == Tick.Reopen)
        {
            _plan.Prepare(HasSpoolFiles);
        }

        Pump();
    }

    private void Close()
    {
        if (_closer is null)
        {
            _closer = Sender;
            _plan.Close();
            Timers.StartSingleTimer(nameof(Tick.Deadline), Tick.Deadline, _plan.CanSpool ? _options.CloseGrace : _options.CloseTimeout);
        }

        Pump();
    }

    /// <summary>Starts whatever may start now; called after every fact that changed.</summary>
    private void Pump()
    {
        PumpSpool();
        if (_plan.NextPost() is { } batch)
        {
            var (plan, delivery) = (_plan, new BatchDelivery(_client, _search, _pace, _time));
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

    private void PumpSpool()
    {
        if (_plan.NextSpoolStep() is var step and not SpoolStep.None)
        {
            _steps.RunAsync(step, _plan).PipeTo(Self);
        }
    }

    private void FinishClosing()
    {
        if (_closer is not null && _plan.MustAbandon)
        {
            Abandon();
        }

        if (_closer is { } closer && !closer.IsNobody() && _plan.IsIdle)
        {
            // The spool stays open: what comes late goes there, and nothing is posted any more.
            Timers.CancelAll();
            _plan.DeadlineOver = true;
            _plan.Spool?.CheckFiles();
            closer.Tell(OutputClosed.Instance);
            _closer = ActorRefs.Nobody;
        }
    }

    private void Abandon()
    {
        if (_plan.Abandon() is var points and > 0)
        {
            _ledger.Lost("shutdown", points);
            _health.Abandoned(points);
        }
    }

    private enum Tick
    {
        Linger,
        Retry,
        Pace,
        Reopen,
        Deadline,
    }

    private sealed record PostDone(DeliveryPlan Plan, DeliveryResult Result) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}
