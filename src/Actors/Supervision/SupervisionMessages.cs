using System.Collections.Immutable;
using Akka.Actor;

namespace EbpfActors.Actors.Supervision;

/// <summary>A part of the agent that fails, rests and starts again alone. The name is also its segment in the actor path.</summary>
public sealed record PluginSpec(string Name, Props Props);

/// <summary>How a plugin is: <paramref name="State"/> is <c>running</c>, <c>waiting</c> (to be restarted), <c>failed</c> (refused) or <c>stopped</c>.</summary>
public sealed record PluginStatus(string Name, string State, int Restarts, string Problem)
{
    /// <summary>When it is started again; null while it runs or is stopped.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>Group -> agent -> event stream: a plugin ended and is started again at <paramref name="RetryAt"/>.</summary>
public sealed record PluginEnded(string Name, PluginEnd Kind, string Problem, DateTimeOffset RetryAt) : INoSerializationVerificationNeeded;

/// <summary>What ended a plugin.</summary>
public enum PluginEnd
{
    /// <summary>A failure that a new start may mend.</summary>
    Failure,

    /// <summary>The kernel said no.</summary>
    Refusal,

    /// <summary>It would do better now than it could when it was started, see <see cref="StartAnewException"/>.</summary>
    StartsAnew,
}

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
