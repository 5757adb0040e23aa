using EbpfActors.Actors.Flows;
using EbpfActors.Probes;
using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Probes;

/// <summary>How the net probe is made and read.</summary>
public sealed record NetPluginOptions
{
    /// <summary>Makes a probe that is not attached; called once for every start, so a restart gets a new one.</summary>
    public required Func<INetProbe> Create { get; init; }

    public FlowTableOptions Table { get; init; } = new();

    /// <summary>Batches under way at most; with none left the reader stops draining and the kernel's ring counts the loss.</summary>
    public int Credits { get; init; } = 8;

    /// <summary>The longest wait for records; a stop or a sweep ends it early.</summary>
    public TimeSpan WaitAtMost { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Rest between two drains, so that busy hosts wake the reader a hundred times a second and not for every record.</summary>
    public TimeSpan RestBetweenDrains { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// How long records are summed before they are handed to the actors, unless a batch is full or a sweep asks: each batch wakes
    /// several of them.
    /// </summary>
    public TimeSpan GatherFor { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often the probe is asked whether it could do better; see <see cref="IProbe.CouldDoBetter"/>.</summary>
    public TimeSpan AskBetter { get; init; } = ProbeThread.AskBetter;

    /// <summary>How long a stop waits for the reader to come back from the kernel.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromMilliseconds(700);
}
