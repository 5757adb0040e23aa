using System.Reflection;

namespace EbpfActors.Agent.Host;

/// <summary>The version of this build.</summary>
public static class AgentVersion
{
    /// <summary>Without the commit that the SDK appends after a plus sign.</summary>
    public static readonly string Text = typeof(AgentVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
