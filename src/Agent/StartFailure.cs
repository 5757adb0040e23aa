using EbpfActors.Actors.DataKit;
using EbpfActors.Actors.Outputs;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Logging;
using Microsoft.Extensions.Logging;

namespace EbpfActors.Agent;

/// <summary>
/// Tells of a start that failed wherever somebody may look: on standard error, which is /dev/null under DataKit, in the log's file, and
/// at DataKit as the input's last error.
/// </summary>
internal static class StartFailure
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <param name="code">The exit code, which is returned.</param>
    /// <param name="reasons">A line each.</param>
    /// <param name="options">Says where; with defaults in place of what is wrong in it.</param>
    /// <param name="prefix">Of the lines on standard error.</param>
    public static async Task<int> TellAsync(int code, IReadOnlyList<string> reasons, AgentOptions options, string prefix = "ebpf-actors: ")
    {
        foreach (var reason in reasons)
        {
            await Console.Error.WriteLineAsync(prefix + SafeText.OneLine(reason));
        }

        WriteToLog(code, reasons, options);
        if (options.Output.Has(OutputKind.DataKit))
        {
            await PostAsync(reasons, options.DataKit.ApiServer);
        }

        return code;
    }

    private static void WriteToLog(int code, IReadOnlyList<string> reasons, AgentOptions options)
    {
        // Where the file cannot be written, who may not start as this user reads the reason on standard error, and needs no second one.
        var plan = LogPlan.For(options.Log, options.Output, onTerminal: !Console.IsOutputRedirected).OrStderrIfNotWritable(TextWriter.Null);
        if (plan.Target is "stderr" or "stdout")
        {
            return; // told already
        }

        try
        {
            using var log = new AgentLog(plan);
            var logger = log.Factory.CreateLogger("ebpf-actors");
            foreach (var reason in reasons)
            {
                logger.LogError("Ends with exit code {Code}: {Reason}", code, reason);
            }
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"ebpf-actors: the log cannot be written: {e.Message}");
        }
    }

    private static async Task PostAsync(IReadOnlyList<string> reasons, Uri apiServer)
    {
        using var client = new DataKitClient(new Actors.DataKit.DataKitOptions { BaseAddress = apiServer, RequestTimeout = Patience });
        await client.PostLastErrorAsync(string.Join("; ", reasons), CancellationToken.None);
    }
}
