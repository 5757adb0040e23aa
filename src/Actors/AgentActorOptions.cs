using System.Collections.Immutable;
using Akka.Actor;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Conntrack;
using EbpfActors.Actors.Flows;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Ledger;
using EbpfActors.Actors.Probes;
using EbpfActors.Actors.Supervision;

namespace EbpfActors.Actors;

/// <summary>Everything that the supervision tree is made from; it belongs to one agent.</summary>
public sealed record AgentActorOptions
{
    public required FlowLedger Ledger { get; init; }

    public required FlowRenderers Renderers { get; init; }

    public FlushOptions Flush { get; init; } = new();

    /// <summary>The net plugin; null leaves it out.</summary>
    public NetPluginOptions? NetProbe { get; init; }

    /// <summary>The bash plugin; null leaves it out.</summary>
    public BashPluginOptions? BashProbe { get; init; }

    /// <summary>The conntrack plugin; null leaves it out.</summary>
    public ConntrackPluginOptions? ConntrackProbe { get; init; }

    /// <summary>The DataKit writer; null when points go only to <see cref="Outputs"/>.</summary>
    public Props? DataKit { get; init; }

    /// <summary>What makes the writer answer with its status, which is passed through unread; null leaves it out.</summary>
    public object? WriterStatusRequest { get; init; }

    /// <summary>Further outputs; each takes <c>WritePoints</c>, <c>FlushedFlows</c> and <c>CloseOutput</c>.</summary>
    public ImmutableArray<PluginSpec> Outputs { get; init; } = [];

    /// <summary>The actors' debug messages reach the log's factory, among them where a refusal of the kernel was met.</summary>
    public bool LogsDebug { get; init; }

    public BackoffOptions Backoff { get; init; } = new();

    public StopDeadlines Stop { get; init; } = new();

    /// <summary>Where timestamps come from; intervals run on the actor system's scheduler.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How long a stop waits for each of its phases; the sum is what a service manager has to grant.</summary>
public sealed record StopDeadlines
{
    public TimeSpan LastFlush { get; init; } = TimeSpan.FromMilliseconds(1_300);

    public TimeSpan Outputs { get; init; } = TimeSpan.FromMilliseconds(1_500);

    public TimeSpan Detach { get; init; } = TimeSpan.FromMilliseconds(900);

    public TimeSpan Total => LastFlush + Outputs + Detach;
}
