namespace EbpfActors.FakeDataKit;

/// <summary>What a server may do to a request instead of answering it well.</summary>
public enum Misbehaviour
{
    None,

    /// <summary>429, nothing kept.</summary>
    TooMany,

    /// <summary>429 that asks for seven seconds, nothing kept.</summary>
    TooManyRetryAfter,

    /// <summary>500, nothing kept.</summary>
    ServerError,

    /// <summary>400 whatever the points are, nothing kept.</summary>
    Refuses,

    /// <summary>413 whatever the size is, as from a proxy; nothing kept.</summary>
    TooLarge,

    /// <summary>404, as from something that is no DataKit.</summary>
    NotFound,

    /// <summary>Takes the request and never answers; nothing kept.</summary>
    NeverAnswers,

    /// <summary>Keeps the points, and the connection dies before the answer.</summary>
    KeepsAndDies,

    /// <summary>Keeps the points, and the connection dies inside the answer.</summary>
    KeepsAndTruncates,
}
