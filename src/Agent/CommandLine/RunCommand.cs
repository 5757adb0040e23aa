using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors run</c>: with a valid configuration the agent takes over.</summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(ConfigurationResult configuration, CancellationToken cancellation) =>
        configuration.Options is { } options
            ? await AgentHost.RunAsync(options, cancellation)
            : await StartFailure.TellAsync(ExitCode.BadConfiguration, [.. configuration.Problems.Select(p => $"{p}")], configuration.Attempt, prefix: "");
}
