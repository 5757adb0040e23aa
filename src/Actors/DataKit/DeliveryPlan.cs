namespace EbpfActors.Actors.DataKit;

/// <summary>What the spool is to do next.</summary>
internal enum SpoolStep
{
    None,
    Open,
    Settle,
    Peek,
    AppendFlight,
    AppendQueued,
}

/// <summary>
/// Decides what is posted and what is spooled, and owns the order: the batch in flight is the oldest, then comes the spool,
/// then the queue in memory. A batch in flight that must be safe on disk is appended before anything newer. Pure: the
/// writer reports facts and carries out the steps.
/// </summary>
internal sealed class DeliveryPlan(DataKitOptions options)
{
    public OutgoingPoints Queue { get; } = new(options.MaxBatchPoints, options.MaxBatchBytes);

    public Spool? Spool { get; set; }

    /// <summary>A spool is configured and not known to be broken.</summary>
    public bool CanSpool { get; set; }

    public bool SpoolBusy { get; set; }

    /// <summary>There are files of an earlier run: nothing newer may be posted before they are read.</summary>
    public bool MustOpenFirst { get; set; }

    public bool BackingOff { get; set; }

    public bool Closing { get; set; }

    public bool DeadlineOver { get; set; }

    public bool LingerOver { get; set; }

    /// <summary>The oldest batch: being posted, or waiting to be.</summary>
    public PointBatch? Flight { get; private set; }

    /// <summary>Whether the batch in flight is at the head of the spool (or being written there).</summary>
    public bool FlightSpooled { get; private set; }

    public bool Posting { get; private set; }

    /// <summary>Points of the head of the spool whose fate is known, to be taken off it.</summary>
    public int? Unsettled { get; private set; }

    public long Held => Queue.Points + (Spool?.Points ?? 0) - (Unsettled ?? 0) + (Flight is { } flight && !FlightSpooled ? flight.Points : 0);

    public bool IsIdle => Queue.Points == 0 && (Flight is null || FlightSpooled) && Unsettled is null && !SpoolBusy && !Posting;

    private bool IsSpoolEmpty => Spool is not { Entries: > 0 };

    private bool IsReady => Queue.Points > 0 && (LingerOver || Closing || options.Linger == TimeSpan.Zero || Queue.HasFullBatch);

    private bool IsMemoryFilling => Queue.Points > options.MaxMemoryPoints / 4 || Queue.Bytes > options.MaxMemoryBytes / 4;

    private bool MustSpool => BackingOff || DeadlineOver || !IsSpoolEmpty || IsMemoryFilling;

    public SpoolStep NextSpoolStep()
    {
        if (SpoolBusy || !CanSpool)
        {
            return SpoolStep.None;
        }

        if (Spool is null)
        {
            return MustOpenFirst || (MustSpool && (Flight is not null || IsReady)) ? SpoolStep.Open : SpoolStep.None;
        }

        return this switch
        {
            { Unsettled: not null } => SpoolStep.Settle,
            { Flight: null, IsSpoolEmpty: false, BackingOff: false, Closing: false } => SpoolStep.Peek,
            { MustSpool: false } => SpoolStep.None,
            { Flight: not null, FlightSpooled: false } => SpoolStep.AppendFlight,
            { IsReady: true } => SpoolStep.AppendQueued,
            _ => SpoolStep.None,
        };
    }

    /// <summary>The batch to post now, if any; it is in flight from then on.</summary>
    public PointBatch? NextPost()
    {
        if (Posting || BackingOff || DeadlineOver || (CanSpool && MustOpenFirst))
        {
            return null;
        }

        if (Flight is null && IsSpoolEmpty && !SpoolBusy && Unsettled is null && IsReady)
        {
            (Flight, FlightSpooled) = (Queue.Dequeue(), false);
        }

        Posting = Flight is not null;
        return Flight;
    }

    /// <summary>The head of the spool was read and is in flight.</summary>
    public void Peeked(PointBatch? batch) => (Flight, FlightSpooled) = (batch, batch is not null);

    /// <summary>The batch in flight is being written to the spool: from now on the spool answers for it.</summary>
    public PointBatch SpoolFlight()
    {
        FlightSpooled = true;
        return Flight!;
    }

    /// <summary>The batch in flight is on disk. When its post has failed meanwhile, it is read from there again.</summary>
    public void FlightIsSpooled()
    {
        if (!Posting && Flight is not null)
        {
            // Settling nothing takes the pin off.
            (Flight, FlightSpooled, Unsettled) = (null, false, 0);
        }
    }

    /// <summary>The answer to the post: settled points leave, the rest stays the oldest.</summary>
    public void Posted(int settled)
    {
        Posting = false;
        if (FlightSpooled)
        {
            // Without its spool it is nobody's any more: what is on disk comes back when the spool does.
            Unsettled = Spool is null ? null : settled;
            (Flight, FlightSpooled) = (null, false);
        }
        else
        {
            Flight = settled == Flight!.Points ? null : Flight.Skip(settled);
        }
    }

    /// <summary>Gives up what is in memory; returns how many points that were.</summary>
    public long Abandon()
    {
        var points = Queue.Shrink(0, 0) + (Flight is { } flight && !FlightSpooled ? flight.Points : 0);
        (Flight, FlightSpooled) = (null, false);
        return points;
    }

    public void Settled() => Unsettled = null;

    /// <summary>The spool failed. What was on its way there is in memory again; what it holds waits for a better day.</summary>
    public void SpoolLost(PointBatch? appending)
    {
        (Spool, CanSpool, MustOpenFirst) = (null, false, false);
        if (appending is not null && ReferenceEquals(appending, Flight))
        {
            FlightSpooled = false;
            return;
        }

        if (appending is not null)
        {
            // Written ahead and answered meanwhile: it comes back without what the answer settled.
            Queue.PutBack(appending.Skip(Unsettled ?? 0));
        }

        Unsettled = null;
    }
}
