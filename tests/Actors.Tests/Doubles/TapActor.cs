using Akka.Actor;
using Akka.TestKit;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors.Tests.Doubles;

/// <summary>An output that a test listens to, and that closes when it is told.</summary>
internal sealed class TapActor(TestProbe listener) : UntypedActor
{
    public const string Question = "how are you?";
    public const string Answer = "the writer is fine";

    public static Props Props(Func<TestProbe> listener) => Akka.Actor.Props.CreateBy(new Producer(listener));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FlushedFlows: return;
            case Question: Sender.Tell(Answer); return;
            case CloseOutput: Sender.Tell(OutputClosed.Instance); break;
        }

        listener.Tell(message);
    }

    private sealed class Producer(Func<TestProbe> listener) : IIndirectActorProducer
    {
        public Type ActorType => typeof(TapActor);

        public ActorBase Produce() => new TapActor(listener());

        public void Release(ActorBase actor)
        {
        }
    }
}
