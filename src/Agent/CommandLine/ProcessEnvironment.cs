using System.Collections;

namespace EbpfActors.Agent.CommandLine;

/// <summary>The environment variables of this process as a plain dictionary.</summary>
internal static class ProcessEnvironment
{
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(v => (string)v.Key, v => v.Value as string ?? "");
}
