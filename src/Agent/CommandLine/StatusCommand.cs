using System.Text;
using System.Text.Json;
using EbpfActors.Actors.Outputs;
using EbpfActors.Agent.Host;
using EbpfActors.Agent.Status;
using Spectre.Console;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors status</c>.</summary>
internal static class StatusCommand
{
    private const int RedirectedWidth = 200;

    public static async Task<int> RunAsync(string socket, bool asJson, CancellationToken cancellation)
    {
        try
        {
            var json = await StatusClient.AskAsync(socket, cancellation);
            if (asJson)
            {
                Console.WriteLine(Encoding.UTF8.GetString(json));
            }
            else
            {
                StatusReport.Write(AgentStatusJson.Read(json), Terminal());
            }

            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            await Console.Error.WriteLineAsync($"ebpf-actors: {SafeText.OneLine(e.Message)}");
            return ExitCode.Failed;
        }
    }

    /// <summary>A pipe or a file has no width: what reads it should find each row in one line.</summary>
    private static IAnsiConsole Terminal()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = RedirectedWidth;
        }

        return AnsiConsole.Console;
    }
}
