using EbpfActors.Agent.Configuration;

namespace EbpfActors.Agent.Logging;

/// <summary>Where the log goes and from which level on. Never to standard output while that carries points or the table.</summary>
public sealed record LogPlan(string Target, string Level)
{
    private static readonly string[] Order = ["trace", "debug", "info", "warn", "error"];

    public static LogPlan For(LogOptions log, OutputOptions output, bool onTerminal)
    {
        // Log lines between the rows of a table are noise, unless the user asked for them.
        if (output.Has(OutputKind.Table) && onTerminal && !log.Chosen)
        {
            return new LogPlan("stderr", AtLeastWarn(log.Level));
        }

        return log.Target == "stdout" && output.OwnsStandardOutput ? new LogPlan("stderr", log.Level) : new LogPlan(log.Target, log.Level);
    }

    /// <summary>A log that cannot be written would swallow everything silently; standard error is better than nothing.</summary>
    public LogPlan OrStderrIfNotWritable(TextWriter complaints)
    {
        if (Target is "stderr" or "stdout")
        {
            return this;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Target))!);
            AppendedFile.Open(Target, bufferSize: 0).Dispose();
            return this;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            complaints.WriteLine($"ebpf-actors: the log goes to stderr: {e.Message}");
            return this with { Target = "stderr" };
        }
    }

    private static string AtLeastWarn(string level) => Order[Math.Max(Array.IndexOf(Order, level), Array.IndexOf(Order, "warn"))];
}
