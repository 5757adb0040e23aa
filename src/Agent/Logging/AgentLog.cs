using Microsoft.Extensions.Logging;
using NLog;
using NLog.Config;
using NLog.Extensions.Logging;
using NLog.Layouts;
using NLog.Targets;

namespace EbpfActors.Agent.Logging;

/// <summary>The agent's own log. Configured in code; a file <c>conf/nlog.config</c> next to the executable replaces that.</summary>
public sealed class AgentLog : IDisposable
{
    private const long ArchiveAbove = 32 << 20;
    private const int Archives = 5;
    private static readonly SimpleLayout Line =
        "${longdate} ${level:uppercase=true:padding=-5} ${logger:shortName=true}: ${message}"
        + "${onexception:${newline}${exception:format=tostring}}";
    private readonly LogPlan _plan;
    private readonly string _overrideFile;
    private readonly long _archiveAbove;
    private readonly LogFactory _factory = new();

    public AgentLog(LogPlan plan, string? overrideFile = null, long archiveAbove = ArchiveAbove)
    {
        _plan = plan;
        _archiveAbove = archiveAbove;
        _overrideFile = overrideFile ?? Path.Combine(AppContext.BaseDirectory, "conf", "nlog.config");
        _factory.Configuration = Configuration();
        Factory = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(Microsoft.Extensions.Logging.LogLevel.Trace)
            .AddProvider(new NLogLoggerProvider(new NLogProviderOptions(), _factory)));
    }

    public ILoggerFactory Factory { get; }

    /// <summary>Opens the file anew, for whoever moved it away (logrotate), who need not wait for the next event to see it.</summary>
    public void Reopen()
    {
        _factory.Configuration = Configuration();
        Factory.CreateLogger("ebpf-actors").LogInformation("The log was opened anew");
    }

    public void Dispose()
    {
        Factory.Dispose();
        _factory.Shutdown();
        _factory.Dispose();
    }

    private LoggingConfiguration Configuration()
    {
        if (File.Exists(_overrideFile))
        {
            return new XmlLoggingConfiguration(_overrideFile, _factory);
        }

        var configuration = new LoggingConfiguration(_factory);
        configuration.AddRule(NLog.LogLevel.FromString(_plan.Level), NLog.LogLevel.Fatal, Target());
        return configuration;
    }

    private Target Target() => _plan.Target switch
    {
        "stderr" => new ConsoleTarget("console") { StdErr = true, Layout = Line },
        "stdout" => new ConsoleTarget("console") { Layout = Line },
        _ => new FileTarget("file")
        {
            FileName = Layout.FromLiteral(_plan.Target),
            Layout = Line,
            // Without it the newest lines move on to numbered files, and nobody finds them under the name that was given.
            ArchiveFileName = Layout.FromLiteral(_plan.Target),
            ArchiveAboveSize = _archiveAbove,
            MaxArchiveFiles = Archives,
            KeepFileOpen = true,
            CreateDirs = true,
        },
    };
}
