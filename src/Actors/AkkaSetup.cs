using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Hosting;
using EbpfActors.Actors.Logging;

namespace EbpfActors.Actors;

/// <summary>Registers the supervision tree with Akka.Hosting; tests and the agent start it through this and nothing else.</summary>
public static class AkkaSetup
{
    private const string ConfigResource = "Akka.conf";

    /// <summary>Above the agent's own deadlines, and together with them below the phase's timeout in Akka.conf.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Starts <c>/user/agent</c>, registered under <see cref="AgentActor"/>, logs through Microsoft.Extensions.Logging, and
    /// stops it first of all when the actor system or the host stops.
    /// </summary>
    public static AkkaConfigurationBuilder WithEbpfActors(this AkkaConfigurationBuilder builder, AgentActorOptions options)
    {
        builder.AddHocon(ReadConfig(), HoconAddMode.Append);
        builder.ConfigureLoggers(loggers =>
        {
            loggers.LogLevel = options.LogsDebug ? LogLevel.DebugLevel : LogLevel.InfoLevel;
            loggers.ClearLoggers();
            loggers.AddLogger<HostLogger>();
        });
        return builder.WithActors((system, registry) =>
        {
            var agent = system.ActorOf(AgentActor.Props(options), AgentActor.Name);
            registry.Register<AgentActor>(agent);
            CoordinatedShutdown.Get(system).AddTask(
                CoordinatedShutdown.PhaseBeforeServiceUnbind, "stop-agent", () => StopAsync(agent, options.Stop.Total + Grace));
        });
    }

    private static async Task<Akka.Done> StopAsync(IActorRef agent, TimeSpan deadline)
    {
        // An agent that was stopped before does not answer any more; its end is as good an answer.
        using var late = new CancellationTokenSource(deadline);
        await Task.WhenAny(agent.Ask<AgentStopped>(StopAgent.Instance, late.Token), agent.WatchAsync(late.Token)).ConfigureAwait(false);
        return Akka.Done.Instance;
    }

    private static Config ReadConfig()
    {
        using var stream = typeof(AkkaSetup).Assembly.GetManifestResourceStream(ConfigResource)
            ?? throw new InvalidOperationException($"{ConfigResource} is not embedded");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
