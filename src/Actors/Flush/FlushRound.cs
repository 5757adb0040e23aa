using EbpfActors.Actors.Flows;

namespace EbpfActors.Actors.Flush;

/// <summary>Where a flush stands.</summary>
internal enum FlushPhase
{
    Idle,
    Sweeping,
    Collecting,
}

/// <summary>Knows which flush is under way, what it waits for, and how often the wait was in vain.</summary>
internal sealed class FlushRound
{
    private long _flushes;
    private long _ticksSkipped;
    private long _sweepsMissed;
    private long _answersMissed;
    private int _answersDue;

    public long Id { get; private set; }

    public FlushPhase Phase { get; private set; }

    public bool IsIdle => Phase == FlushPhase.Idle;

    public void Begin()
    {
        Id++;
        Phase = FlushPhase.Sweeping;
    }

    public void SkipTick() => _ticksSkipped++;

    public bool IsSweeping(long flushId) => Phase == FlushPhase.Sweeping && Id == flushId;

    /// <summary>The sweep is over and so many aggregators were asked; true when that ends the flush.</summary>
    public bool Collect(int asked)
    {
        Phase = FlushPhase.Collecting;
        _answersDue = asked;
        return asked == 0;
    }

    /// <summary>One answer came, or will never come; true when it was the last.</summary>
    public bool Answered() => Phase == FlushPhase.Collecting && --_answersDue == 0;

    /// <summary>Counts what is missing when the deadline still concerns this phase of this flush.</summary>
    public bool IsOverdue(PhaseOverdue overdue)
    {
        if (overdue.FlushId != Id || overdue.Phase != Phase)
        {
            return false;
        }

        _sweepsMissed += Phase == FlushPhase.Sweeping ? 1 : 0;
        _answersMissed += Phase == FlushPhase.Collecting ? _answersDue : 0;
        return true;
    }

    public void Finish()
    {
        Phase = FlushPhase.Idle;
        _flushes++;
    }

    public FlushStatus Status(int aggregators, FlowLoad held) =>
        new(_flushes, _ticksSkipped, _sweepsMissed, _answersMissed, aggregators, held.Records)
        {
            ExchangesHeld = held.Exchanges,
            QueriesHeld = held.Queries,
        };
}
