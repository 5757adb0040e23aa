namespace EbpfActors.Actors.DataKit;

/// <summary>What an answer of DataKit means for the points of the request.</summary>
public enum PostOutcome
{
    /// <summary>A complete 200: DataKit has them.</summary>
    Accepted,

    /// <summary>At least one line is at fault, and none was kept.</summary>
    Rejected,

    /// <summary>413: something on the way takes no request of this size. None was kept.</summary>
    TooLarge,

    /// <summary>No fault of the lines; the same request may succeed later.</summary>
    Retry,
}

/// <summary>One answer, classified.</summary>
public sealed record PostAnswer(PostOutcome Outcome, string Reason = "", TimeSpan? RetryAfter = null)
{
    public static readonly PostAnswer Accepted = new(PostOutcome.Accepted);
}
