using Akka.Actor;

namespace EbpfActors.Actors.Flush;

/// <summary>Flush scheduler -> net probe: read the kernel's counters and send them on, then say <see cref="SweepDone"/>.</summary>
public sealed record RequestSweep(long FlushId) : INoSerializationVerificationNeeded;

/// <summary>Net probe -> flush scheduler: every batch of this sweep was sent before this message.</summary>
public sealed record SweepDone(long FlushId) : INoSerializationVerificationNeeded;

/// <summary>Agent -> flush scheduler, bash probe: flush once more with short deadlines, then answer <see cref="FlushFinished"/>.</summary>
public sealed class FlushNow : INoSerializationVerificationNeeded
{
    public static readonly FlushNow Instance = new();

    private FlushNow()
    {
    }
}

/// <summary>Flush scheduler, bash probe -> agent: the points of the flush that was asked for are on their way to the outputs.</summary>
public sealed class FlushFinished : INoSerializationVerificationNeeded
{
    public static readonly FlushFinished Instance = new();

    private FlushFinished()
    {
    }
}

/// <summary>Anyone -> flush scheduler: answer with a <see cref="FlushStatus"/>.</summary>
public sealed class GetFlushStatus : INoSerializationVerificationNeeded
{
    public static readonly GetFlushStatus Instance = new();

    private GetFlushStatus()
    {
    }
}

/// <summary>Flush scheduler -> whoever asked. <paramref name="RecordsHeld"/> are in the aggregators or in a flush under way.</summary>
public sealed record FlushStatus(
    long Flushes,
    long TicksSkipped,
    long SweepsMissed,
    long AnswersMissed,
    int Aggregators,
    long RecordsHeld) : INoSerializationVerificationNeeded
{
    /// <summary>HTTP exchanges in the aggregators or in a flush under way.</summary>
    public long ExchangesHeld { get; init; }

    /// <summary>DNS queries in the aggregators or in a flush under way.</summary>
    public long QueriesHeld { get; init; }
}

/// <summary>Timer -> flush scheduler, bash probe: an interval has passed.</summary>
internal sealed class FlushTick : INoSerializationVerificationNeeded
{
    public static readonly FlushTick Instance = new();

    private FlushTick()
    {
    }
}

/// <summary>Timer -> flush scheduler: this phase of this flush has had its time.</summary>
internal sealed record PhaseOverdue(long FlushId, FlushPhase Phase) : INoSerializationVerificationNeeded;
