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
        """);

    public static void Advance(this ActorSystem system, TimeSpan by) => ((TestScheduler)system.Scheduler).Advance(by);

    /// <summary>Answers once everything that was sent to the actor before has been handled.</summary>
    public static Task Barrier(this IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(5));
}
