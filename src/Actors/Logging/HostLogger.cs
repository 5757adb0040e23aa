using Akka.Actor;
using Akka.DependencyInjection;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace EbpfActors.Actors.Logging;

/// <summary>
/// Passes Akka's log events to the host's logger factory as message, level, cause and actor. Akka.Hosting's own logger writes
/// level, time and thread into the message, where the log has them already.
/// </summary>
public sealed class HostLogger : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly Dictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);
    private ILoggerFactory? _factory;

    public HostLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    protected override void PreStart() => _factory = DependencyResolver.For(Context.System).Resolver.GetService<ILoggerFactory>();

    /// <summary>An actor's source is its path and, behind it, the system's address; its last segment tells people enough.</summary>
    private static string Name(string source)
    {
        var path = source.AsSpan(0, source.IndexOf(' ') is var space and > 0 ? space : source.Length);
        return path[(path.LastIndexOf('/') + 1)..].ToString();
    }

    private void Write(LogEvent log)
    {
        var name = Name(log.LogSource);
        if (!_loggers.TryGetValue(name, out var logger))
        {
            // Children without a name ($a, $b) would each make a logger: they log under their class.
            name = name.StartsWith('$') ? log.LogClass.Name : name;
            _loggers[name] = logger = _factory!.CreateLogger(name);
        }

        logger.Log(Level(log), log.Cause, "{Message}", log.Message.ToString());
    }

    private static LogLevel Level(LogEvent log) => log.LogLevel() switch
    {
        Akka.Event.LogLevel.DebugLevel => LogLevel.Debug,
        Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
        Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
