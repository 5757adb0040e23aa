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

    public Spool? Spool { get; private set; }

    /// <summary>A spool is configured and not known to be broken.</summary>
    public bool CanSpool { get; private set; }

    public bool SpoolBusy { get; private set; }

    /// <summary>There are files of an earlier run: nothing newer may be posted before they are read.</summary>
    public bool MustOpenFirst { get; private set; }

    public bool BackingOff { get; set; }

    /// <summary>Requests would follow each other too closely.</summary>
    public bool Pausing { get; set; }

    public bool Closing { get; private set; }

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

    /// <summary>The end has come, there is no disk, and DataKit does not take the rest.</summary>
    public bool MustAbandon => Closing && !CanSpool && !Posting && (BackingOff || DeadlineOver);

    /// <summary>Looks whether there is a spool to use; at the start, and some time after it failed.</summary>
    public void Prepare(bool hasFiles)
    {
        CanSpool = options.SpoolDirectory is not null;
        MustOpenFirst = CanSpool && hasFiles;
    }

    /// <summary>
    /// Nothing new comes. DataKit may take the rest until <see cref="DeadlineOver"/>; from then on (at once while it is away)
    /// the spool does. Without a spool a last try is all there is.
    /// </summary>
    public void Close()
    {
        Closing = true;
        BackingOff &= CanSpool;
    }

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
        if (Posting || BackingOff || Pausing || DeadlineOver || (CanSpool && MustOpenFirst))
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

    /// <summary>A step of the spool begins: takes the points that it is about, if any. One step at a time.</summary>
    public PointBatch? Begin(SpoolStep step)
    {
        SpoolBusy = true;
        FlightSpooled |= step == SpoolStep.AppendFlight;
        return step switch
        {
            SpoolStep.AppendFlight => Flight,
            SpoolStep.AppendQueued => Queue.Dequeue(),
            _ => null,
        };
    }

    /// <summary>A step of the spool is done, or has failed.</summary>
    public void Done(SpoolStepDone done)
    {
        SpoolBusy = false;
        if (done.Failure is not null)
        {
            SpoolLost(done.Step == SpoolStep.Peek ? null : done.Batch);
            return;
        }

        switch (done.Step)
        {
            case SpoolStep.Open:
                (Spool, MustOpenFirst) = (done.Opened, false);
                break;
            case SpoolStep.Peek:
                (Flight, FlightSpooled) = (done.Batch, done.Batch is not null);
                break;
            case SpoolStep.Settle:
                Unsettled = null;
                break;
            case SpoolStep.AppendFlight when !Posting && Flight is not null:
                // Its post has failed meanwhile: it is read from disk again. Settling nothing takes the pin off.
                (Flight, FlightSpooled, Unsettled) = (null, false, 0);
                break;
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

    /// <summary>The spool failed. What was on its way there is in memory again; what it holds waits for a better day.</summary>
    private void SpoolLost(PointBatch? appending)
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
