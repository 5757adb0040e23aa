namespace EbpfActors.Agent.Status;

/// <summary>The way to DataKit: its state in a word, and what waits.</summary>
public sealed record WriterStatus
{
    public required string State { get; init; }

    /// <summary>Empty when the last request succeeded.</summary>
    public string LastError { get; init; } = "";

    public DateTimeOffset? LastSuccess { get; init; }

    public long QueuedPoints { get; init; }

    public long SpoolEntries { get; init; }

    public long SpoolPoints { get; init; }

    public long SpoolBytes { get; init; }

    public long SpoolLimitBytes { get; init; }
}
