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

    /// <summary>Waits for what another thread brings about; fails after ten seconds.</summary>
    public static Task Eventually(this TestKitBase kit, Func<Task<bool>> isReached) =>
        kit.AwaitConditionAsync(isReached, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(5));

    public static Task Eventually(this TestKitBase kit, Func<bool> isReached) => kit.Eventually(() => Task.FromResult(isReached()));

    /// <summary>Answers once everything that was sent to the actor before has been handled.</summary>
    public static Task Barrier(this IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(5));
}
