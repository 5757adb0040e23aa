using System.Text;
using System.Text.Json;
using EbpfActors.Agent.Host;
using EbpfActors.Agent.Status;
using Spectre.Console;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors status</c>.</summary>
internal static class StatusCommand
{
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
                StatusReport.Write(AgentStatusJson.Read(json), AnsiConsole.Console);
            }

            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            await Console.Error.WriteLineAsync($"ebpf-actors: {e.Message}");
            return ExitCode.Failed;
        }
    }
}
