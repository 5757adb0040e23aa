using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;
using EbpfActors.Agent.Logging;
using EbpfActors.Agent.Status;
using Microsoft.Extensions.Logging;

namespace EbpfActors.Agent;

/// <summary>Runs the agent from its options to its end, and owns what belongs to the process: log, pid file, signals, status.</summary>
public static class AgentHost
{
    /// <summary>Returns an exit code; ends by itself only on SIGTERM, SIGINT or cancellation.</summary>
    public static async Task<int> RunAsync(AgentOptions options, CancellationToken cancellation)
    {
        var missing = Prerequisites.Missing(PrerequisiteFacts.OfThisMachine());
        if (missing.Count > 0)
        {
            return await StartFailure.TellAsync(ExitCode.MissingPrerequisite, missing, options);
        }

        try
        {
            using var pidFile = PidFile.Take(options.Process.PidFile);
            return await RunAloneAsync(options, cancellation);
        }
        catch (Exception e)
        {
            var isExpected = e is InstanceRunningException or IOException or UnauthorizedAccessException;
            return await StartFailure.TellAsync(ExitCode.Failed, [isExpected ? e.Message : $"{e.GetType().Name}: {e.Message}"], options);
        }
    }

    private static async Task<int> RunAloneAsync(AgentOptions options, CancellationToken cancellation)
    {
        var plan = LogPlan.For(options.Log, options.Output, onTerminal: !Console.IsOutputRedirected);
        using var log = new AgentLog(plan.OrStderrIfNotWritable(Console.Error));
        using var signals = new ShutdownSignals(new Coalesced(log.Reopen).Ask, cancellation);
        using var systemd = SystemdNotifier.FromEnvironment();
        var logger = log.Factory.CreateLogger("ebpf-actors");
        AppDomain.CurrentDomain.UnhandledException += (_, fatal) =>
            logger.LogCritical(fatal.ExceptionObject as Exception, "The process ends by a failure that nothing has met");
        Introduce(options, logger);
        using var trim = new MemoryTrim();
        var uptime = new Uptime(TimeProvider.System);
        await using (var system = await AgentSystem.StartAsync(options, log.Factory))
        {
            await using var status = StartStatus(
                options, async asked => ActorStatus.Document(await system.StatusAsync(asked), options, uptime), logger);
            var stopping = UntilAsync(signals.Stopping);
            if (await Task.WhenAny(system.Readiness.Done, stopping) == system.Readiness.Done)
            {
                SayReady(await system.Readiness.Done, logger);
                system.Readiness.Follow(systemd.Ready, systemd.Status);
                await stopping;
            }

            systemd.Stopping();
            logger.LogInformation("Stopping: one last flush");
        }

        logger.LogInformation("Stopped: nothing is attached any more");
        return ExitCode.Ok;
    }

    private static void SayReady(IReadOnlyList<string> problems, ILogger logger)
    {
        var taken = ProcessAge.Now();
        if (problems.Count == 0)
        {
            logger.LogInformation("Every plugin is attached: ready after {Milliseconds:0} ms", taken.TotalMilliseconds);
        }
        else
        {
            logger.LogWarning("Running without {Problems}; ready after {Milliseconds:0} ms", string.Join("; ", problems), taken.TotalMilliseconds);
        }
    }

    private static void Introduce(AgentOptions options, ILogger logger)
    {
        logger.LogInformation(
            "ebpf-actors {Version} starts: plugins {Plugins}, every {Interval}, to {Outputs}",
            AgentVersion.Text,
            string.Join(",", options.Plugins.Enabled),
            options.Net.Interval,
            string.Join(",", options.Output.Targets.Select(t => t.Kind)));
        foreach (var ignored in options.Ignored)
        {
            logger.LogInformation("Ignored: {Name} has no effect in this version", ignored);
        }

        foreach (var warning in options.Warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }
    }

    /// <summary>Null when nobody can ask: that is no reason not to collect.</summary>
    private static StatusServer? StartStatus(AgentOptions options, Func<CancellationToken, Task<AgentStatus>> status, ILogger logger)
    {
        try
        {
            return StatusServer.Start(options.Process.StatusSocket, status, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("No status for 'ebpf-actors status': {Reason}", e.Message);
            return null;
        }
    }

    private static Task UntilAsync(CancellationToken stopping)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        stopping.Register(stopped.SetResult);
        return stopped.Task;
    }
}
