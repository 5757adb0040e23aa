using EbpfActors.Agent.CommandLine;
using EbpfActors.Agent.Configuration;
using EbpfActors.Agent.Configuration.Layers;

namespace EbpfActors.Agent.Tests.Configuration;

/// <summary>Reads a configuration from texts, on a machine named <c>machine</c> without DataKit.</summary>
internal static class Reading
{
    public static ConfigurationResult Of(
        string file = "",
        string[]? flags = null,
        Dictionary<string, string>? environment = null,
        bool dataKitInstalled = false,
        string machine = "machine",
        long memoryLimit = long.MaxValue) =>
        ConfigurationLoader.Combine(
            FlagReader.Read(flags ?? [], flag => new Source(SourceKind.Flag, flag)),
            environment ?? [],
            file.Length > 0 ? FileLayer.Read(file, "ebpf.conf") : LayerReading.Empty,
            new MachineFacts(machine, dataKitInstalled) { MemoryLimit = memoryLimit });

    /// <summary>The options, which the test expects to be valid.</summary>
    public static AgentOptions Options(string file = "", string[]? flags = null, Dictionary<string, string>? environment = null)
    {
        var result = Of(file, flags, environment);
        Assert.Empty(result.Problems.Select(p => p.ToString()));
        return result.Options!;
    }

    public static string Sample(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samples", name));
}
