using EbpfActors.Agent.Hooks;
using EbpfActors.Agent.Host;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors hooks</c>: every hook of the kernel that the agent knows, whether or not one runs.</summary>
internal static class HooksCommand
{
    public static int Run(bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(HookList.Json(HookCatalogue.All));
        }
        else
        {
            HookList.Write(HookCatalogue.All, Console.Out);
        }

        return ExitCode.Ok;
    }
}
