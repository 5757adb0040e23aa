using System.Collections.Immutable;
using Akka.Actor;

namespace EbpfActors.Actors.Supervision;

/// <summary>A part of the agent that fails, rests and starts again alone. The name is also its segment in the actor path.</summary>
public sealed record PluginSpec(string Name, Props Props);

/// <summary>How a plugin is: <paramref name="State"/> is <c>running</c>, <c>waiting</c> (to be restarted), <c>failed</c> (for good) or <c>stopped</c>.</summary>
public sealed record PluginStatus(string Name, string State, int Restarts, string Problem);

/// <summary>Group -> agent -> event stream: a plugin ended. A permanent failure is not tried again.</summary>
public sealed record PluginFailed(string Name, string Problem, bool IsPermanent) : INoSerializationVerificationNeeded;

/// <summary>Anyone -> group: answer with <see cref="Plugins"/>.</summary>
public sealed class GetPlugins : INoSerializationVerificationNeeded
{
    public static readonly GetPlugins Instance = new();

    private GetPlugins()
    {
    }
}

/// <summary>Group -> whoever asked: its plugins, in the order of their start.</summary>
public sealed record Plugins(ImmutableArray<PluginStatus> All) : INoSerializationVerificationNeeded;

/// <summary>Timer -> keeper: the rest of this plugin is over.</summary>
internal sealed record StartPlugin(string Name) : INoSerializationVerificationNeeded;
