using EbpfActors.Agent.CommandLine;
using EbpfActors.Agent.Configuration.Layers;

namespace EbpfActors.Agent.Configuration;

/// <summary>Reads flags, environment and file into options.</summary>
internal static class ConfigurationLoader
{
    public static ConfigurationResult Load(FlagReading flags, IReadOnlyDictionary<string, string> environment, MachineFacts machine)
    {
        var file = ReadFile(flags.ConfigFile);
        return Combine(flags, environment, file, machine);
    }

    /// <summary>The pure part: everything has been read.</summary>
    public static ConfigurationResult Combine(
        FlagReading flags, IReadOnlyDictionary<string, string> environment, LayerReading file, MachineFacts machine) =>
        OptionsBuilder.Build(
            [.. flags.Givens, .. EnvironmentLayer.Read(environment), .. file.Givens],
            machine,
            file.Problems,
            [.. file.Warnings, .. EnvironmentLayer.Warnings(environment.Keys)]);

    private static LayerReading ReadFile(string? path)
    {
        if (path is null)
        {
            return LayerReading.Empty;
        }

        try
        {
            return FileLayer.Read(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new LayerReading([], [new ConfigurationProblem("--config", e.Message)]);
        }
    }
}
