namespace EbpfActors.Agent.Status;

/// <summary>The way to DataKit: its state in a word, and what waits.</summary>
public sealed record WriterStatus
{
    public required string State { get; init; }

    /// <summary>Empty when the last request succeeded.</summary>
    public string LastError { get; init; } = "";

    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>Taken by DataKit since the writer started.</summary>
    public long PostedPoints { get; init; }

    /// <summary>Refused by DataKit as invalid, one by one.</summary>
    public long RejectedPoints { get; init; }

    /// <summary>Given up for want of room, oldest first.</summary>
    public long DroppedPoints { get; init; }

    public long QueuedPoints { get; init; }

    public long SpoolEntries { get; init; }

    public long SpoolPoints { get; init; }

    public long SpoolBytes { get; init; }

    public long SpoolLimitBytes { get; init; }
}
