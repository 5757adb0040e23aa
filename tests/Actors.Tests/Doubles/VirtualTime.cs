using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;

namespace EbpfActors.Actors.Tests.Doubles;

/// <summary>Timers that move only when a test says so.</summary>
internal static class VirtualTime
{
    public static readonly Config Config = ConfigurationFactory.ParseString(
        """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        akka.loglevel = WARNING
        """).WithFallback(RealTime);

    /// <summary>The test kit's own deadlines, in real time: far beyond what a busy machine needs.</summary>
    public static Config RealTime => ConfigurationFactory.ParseString(
        """
        akka.test.single-expect-default = 60s
        akka.test.default-timeout = 60s
        akka.test.filter-leeway = 60s
        lean-mailbox.mailbox-type = "EbpfActors.Actors.Flows.LeanMailbox, EbpfActors.Actors"
        """);

    public static void Advance(this ActorSystem system, TimeSpan by) => ((TestScheduler)system.Scheduler).Advance(by);

    /// <summary>Answers once everything that was sent to the actor before has been handled.</summary>
    public static Task Barrier(this IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), Eventually.Patience);
}
