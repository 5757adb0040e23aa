using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Ledger;

/// <summary>
/// Counts what could not be delivered because its receiver was down, and returns what the dead hold: a batch that nobody
/// disposes of would cost the reader a credit for good.
/// </summary>
public sealed class UndeliveredCounter : UntypedActor
{
    private readonly LedgerStage _flows;
    private readonly LedgerStage _http;
    private readonly LedgerStage _bash;
    private readonly LedgerStage _dns;
    private readonly LedgerStage _points;

    public UndeliveredCounter(FlowLedger ledger)
    {
        _flows = ledger.Stage(LedgerStages.Flows, "records");
        _http = ledger.Stage(LedgerStages.Http, "exchanges");
        _bash = ledger.Stage(LedgerStages.Bash, "commands");
        _dns = ledger.Stage(LedgerStages.Dns, "queries");
        _points = ledger.Stage(LedgerStages.Undelivered, "points");
    }

    public static Props Props(FlowLedger ledger) => Akka.Actor.Props.Create(() => new UndeliveredCounter(ledger));

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch ((message as DeadLetter)?.Message)
        {
            case FlowBatch batch:
                Lose(_flows, batch.Load.Records);
                Lose(_http, batch.Load.Exchanges);
                Lose(_dns, batch.Load.Queries);
                batch.Dispose();
                break;
            case CommandBatch batch:
                Lose(_bash, batch.Commands.Length);
                batch.Dispose();
                break;
            case WritePoints points:
                _points.In(points.Lines.Length);
                _points.Lost("output-down", points.Lines.Length);
                break;
        }
    }

    private static void Lose(LedgerStage stage, long count)
    {
        if (count > 0)
        {
            stage.Lost("undeliverable", count);
        }
    }
}
