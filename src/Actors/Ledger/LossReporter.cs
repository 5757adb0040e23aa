using Akka.Actor;
using Akka.Event;

namespace EbpfActors.Actors.Ledger;

/// <summary>Says once a minute, in one line of the log, what was lost since it last looked; silent when nothing was.</summary>
public sealed class LossReporter : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly FlowLedger _ledger;
    private Dictionary<(string Stage, string Reason), long> _known = [];

    public LossReporter(FlowLedger ledger) => _ledger = ledger;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(FlowLedger ledger) => Akka.Actor.Props.Create(() => new LossReporter(ledger));

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), Look.Instance, Every);

    // A loss of the last minute of a run would otherwise go unsaid.
    protected override void PostStop() => Report();

    protected override void OnReceive(object message)
    {
        if (message is Look)
        {
            Report();
        }
        else
        {
            Unhandled(message);
        }
    }

    private void Report()
    {
        var lost = Losses(out var now);
        _known = now;
        if (lost.Count > 0)
        {
            Context.GetLogger().Warning("Lost since the last report: {0}", string.Join(", ", lost));
        }
    }

    private List<string> Losses(out Dictionary<(string Stage, string Reason), long> now)
    {
        now = [];
        var lost = new List<string>();
        foreach (var entry in _ledger.Snapshot())
        {
            foreach (var (reason, count) in entry.Lost)
            {
                now[(entry.Stage, reason)] = count;
                var more = count - _known.GetValueOrDefault((entry.Stage, reason));
                if (more > 0)
                {
                    lost.Add($"{more} {entry.Unit} of {entry.Stage} ({reason})");
                }
            }
        }

        return lost;
    }

    private sealed class Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }
}
