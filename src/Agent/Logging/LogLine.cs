using System.Globalization;
using EbpfActors.Actors.Outputs;
using NLog;

namespace EbpfActors.Agent.Logging;

/// <summary>
/// An event as a line of the log. Messages carry names, paths and answers of others, which must not look like another line; of an
/// exception each line is indented for that.
/// </summary>
internal static class LogLine
{
    private const string Indent = "    ";

    public static string Of(LogEventInfo log)
    {
        var logger = log.LoggerName is { } name ? name[(name.LastIndexOf('.') + 1)..] : "";
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{log.TimeStamp:yyyy-MM-dd HH:mm:ss.ffff} {log.Level.Name.ToUpperInvariant(),-5} {logger}: {SafeText.OneLine(log.FormattedMessage)}");
        return log.Exception is { } cause ? $"{line}{Environment.NewLine}{Lines(cause)}" : line;
    }

    private static string Lines(Exception cause) =>
        string.Join(Environment.NewLine, cause.ToString().Split('\n').Select(l => Indent + SafeText.OneLine(l.TrimEnd('\r'))));
}
