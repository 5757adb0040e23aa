using EbpfActors.Actors.Outputs;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.CommandLine;

/// <summary>Lists what is wrong with a configuration on standard error, one line per problem.</summary>
internal static class Problems
{
    public static int Write(ConfigurationResult configuration)
    {
        foreach (var problem in configuration.Problems)
        {
            Console.Error.WriteLine(SafeText.OneLine($"{problem}"));
        }

        return ExitCode.BadConfiguration;
    }
}
