using EbpfActors.Agent.Configuration;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors run</c>: with a valid configuration the agent takes over.</summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(ConfigurationResult configuration, CancellationToken cancellation) =>
        configuration.Options is { } options ? await AgentHost.RunAsync(options, cancellation) : Problems.Write(configuration);
}
