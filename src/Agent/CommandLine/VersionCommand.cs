using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors version</c>.</summary>
internal static class VersionCommand
{
    public static int Run()
    {
        Console.WriteLine($"ebpf-actors version {AgentVersion.Text} linux/amd64");
        return ExitCode.Ok;
    }
}
