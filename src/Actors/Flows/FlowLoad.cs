namespace EbpfActors.Actors.Flows;

/// <summary>
/// What a batch or an aggregator holds, for the accounts: kernel records of flows, HTTP exchanges, and the parts in which
/// those came (the later part of a long exchange is no exchange of its own).
/// </summary>
public readonly record struct FlowLoad(long Records, long Exchanges, long Parts)
{
    /// <summary>DNS queries that were answered or timed out.</summary>
    public long Queries { get; init; }

    public bool IsEmpty => (Records | Exchanges | Parts | Queries) == 0;

    public static FlowLoad Add(FlowLoad left, FlowLoad right) =>
        new(left.Records + right.Records, left.Exchanges + right.Exchanges, left.Parts + right.Parts) { Queries = left.Queries + right.Queries };

    public static FlowLoad Subtract(FlowLoad left, FlowLoad right) =>
        new(left.Records - right.Records, left.Exchanges - right.Exchanges, left.Parts - right.Parts) { Queries = left.Queries - right.Queries };

    public static FlowLoad operator +(FlowLoad left, FlowLoad right) => Add(left, right);

    public static FlowLoad operator -(FlowLoad left, FlowLoad right) => Subtract(left, right);
}
