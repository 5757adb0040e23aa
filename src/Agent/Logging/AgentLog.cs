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
    private static readonly Layout Line = Layout.FromMethod(LogLine.Of);
    private readonly LogPlan _plan;
    private readonly string _overrideFile;
    private readonly long _archiveAbove;
    private readonly LogFactory _factory = new();
    private readonly Lock _gate = new();
    private AnewFile? _file;
    private bool _isClosed;

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

    /// <summary>
    /// Opens the file anew, for whoever moved it away (logrotate), who need not wait for the next event to see it. One at a time: two that
    /// overlap would wait for each other's targets. Never throws; what cannot be read anew stays as it was.
    /// </summary>
    public void Reopen()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            var logger = Factory.CreateLogger("ebpf-actors");
            try
            {
                if (_file is { } file)
                {
                    file.Reopen();
                }
                else
                {
                    _factory.Configuration = Configuration();
                }

                logger.LogInformation("The log was opened anew");
            }
            catch (Exception e)
            {
                logger.LogWarning("The log was not opened anew: {Reason}", e.Message);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Factory.Dispose();
            _factory.Shutdown();
            _factory.Dispose();
        }
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
        _ => _file = new AnewFile
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

    /// <summary>Its file can be closed between two lines; the next line opens it. To exchange the configuration loses lines instead.</summary>
    private sealed class AnewFile : FileTarget
    {
        public AnewFile() => Name = "file";

        protected override Stream CreateFileStream(string filePath, int bufferSize) => AppendedFile.Open(filePath, bufferSize);

        public void Reopen()
        {
            lock (SyncRoot)
            {
                CloseTarget();
            }
        }
    }
}
