using EbpfActors.Actors.Outputs;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.CommandLine;

/// <summary><c>ebpf-actors check-config</c>: every value with its source, or every problem.</summary>
internal static class CheckConfigCommand
{
    public static int Run(ConfigurationResult configuration)
    {
        if (configuration.Options is not { } options)
        {
            return Problems.Write(configuration);
        }

        Write(configuration, options, Console.Out);
        return ExitCode.Ok;
    }

    internal static void Write(ConfigurationResult configuration, AgentOptions options, TextWriter output)
    {
        var width = configuration.Effective.Max(v => v.Key.Length);
        var valueWidth = Math.Min(40, configuration.Effective.Max(v => v.Value.Length));
        foreach (var value in configuration.Effective)
        {
            output.WriteLine($"{value.Key.PadRight(width)} = {SafeText.OneLine(value.Value).PadRight(valueWidth)}  # {value.Source}");
        }

        output.WriteLine($"{"tag host".PadRight(width)} = {SafeText.OneLine(options.Host.HostTag)}");
        foreach (var ignored in options.Ignored)
        {
            output.WriteLine($"ignored: {ignored} has no effect in this version");
        }

        foreach (var warning in options.Warnings)
        {
            output.WriteLine(SafeText.OneLine($"warning: {warning}"));
        }
    }
}
