using Akka.Actor;
using Akka.Hosting;
using EbpfActors.Actors;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Conntrack;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Agent.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfActors.Agent;

/// <summary>Owns the actor system: started with everything that the options enable, stopped with a last flush and everything detached.</summary>
internal sealed class AgentSystem : IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(5);

    private readonly IHost _host;

    private AgentSystem(IHost host, Readiness readiness)
    {
        _host = host;
        Readiness = readiness;
    }

    public Readiness Readiness { get; }

    public static async Task<AgentSystem> StartAsync(AgentOptions options, ILoggerFactory log)
    {
        var readiness = new Readiness(Probes(options));
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "ebpf-actors" });
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddAkka("ebpf-actors", akka => akka
            .WithActors((system, _) => system.ActorOf(readiness.Props(), "readiness"))
            .WithEbpfActors(ActorOptions.Of(options, new FlowLedger())));
        var host = builder.Build();
        await host.StartAsync();
        return new AgentSystem(host, readiness);
    }

    private static IEnumerable<string> Probes(AgentOptions options)
    {
        if (options.Plugins.Has(PluginNames.Net))
        {
            yield return NetProbeActor.Name;
        }

        if (options.Plugins.Has(PluginNames.Bash))
        {
            yield return BashProbeActor.Name;
        }

        if (options.Plugins.Has(PluginNames.Conntrack) && options.Plugins.Has(PluginNames.Net))
        {
            yield return ConntrackProbeActor.Name;
        }
    }

    public async Task<Actors.AgentStatus> StatusAsync(CancellationToken cancellation) =>
        await (await _host.Services.GetRequiredService<IRequiredActor<AgentActor>>().GetAsync(cancellation))
            .Ask<Actors.AgentStatus>(GetAgentStatus.Instance, cancellation);

    public async ValueTask DisposeAsync()
    {
        using var late = new CancellationTokenSource(StopDeadline);
        await _host.StopAsync(late.Token);
        _host.Dispose();
    }

    /// <summary>The process owns its signals; the host's console lifetime would take them too.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
