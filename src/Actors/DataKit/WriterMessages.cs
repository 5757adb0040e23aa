using Akka.Actor;

namespace EbpfActors.Actors.DataKit;

/// <summary>Anyone -> DataKit writer: how are you? Answered with <see cref="WriterStatus"/>.</summary>
public sealed class GetWriterStatus : INoSerializationVerificationNeeded
{
    public static readonly GetWriterStatus Instance = new();

    private GetWriterStatus()
    {
    }
}

/// <summary>How it goes with DataKit, and with the disk behind it.</summary>
public enum WriterState
{
    Healthy,

    /// <summary>DataKit does not take points; they wait in the spool (or in memory).</summary>
    BackingOff,

    /// <summary>A spool is configured and cannot be used; points wait in memory only.</summary>
    NoSpool,
}

/// <summary>
/// DataKit writer -> whoever asked. Points are counted since the start of the writer. The spool is null while it is not in use; its limit,
/// in bytes, is the configured one, 0 without a spool.
/// </summary>
public sealed record WriterStatus(
    WriterState State,
    string? LastError,
    DateTimeOffset? LastSuccess,
    long PointsPosted,
    long PointsRejected,
    long PointsDropped,
    SpoolStatus? Spool,
    long SpoolLimit,
    long QueuePoints) : INoSerializationVerificationNeeded;

/// <summary>What waits on disk. Bytes are the extent of the log, not the size of its files.</summary>
public sealed record SpoolStatus(int Entries, long Points, long Bytes, long CorruptEntries);
