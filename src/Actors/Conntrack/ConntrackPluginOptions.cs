using EbpfActors.Probes.Conntrack;

namespace EbpfActors.Actors.Conntrack;

/// <summary>How the conntrack probe is made, and who asks it.</summary>
public sealed record ConntrackPluginOptions
{
    /// <summary>Makes a probe that does not listen yet; called once for every start.</summary>
    public required Func<IConntrackProbe> Create { get; init; }

    /// <summary>The place where the net plugin looks.</summary>
    public required NatLookup Lookup { get; init; }

    /// <summary>
    /// How long news is left to gather: being woken for each costs more than reading it. Who needs it sooner reads it, see
    /// <see cref="INatLookup.CatchUp"/>.
    /// </summary>
    public TimeSpan RestBetweenTurns { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a stop waits for the thread.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>How often losses are entered into the ledger.</summary>
    public TimeSpan CountEvery { get; init; } = TimeSpan.FromSeconds(10);
}
