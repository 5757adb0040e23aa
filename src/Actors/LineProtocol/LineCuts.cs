using EbpfActors.Actors.Ledger;

namespace EbpfActors.Actors.LineProtocol;

/// <summary>
/// Counts every value that had to be cut or left out to fit DataKit's limits: the part that was cut is lost, so it stands
/// in the ledger. Thread-safe.
/// </summary>
public sealed class LineCuts(LedgerStage? stage = null)
{
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    /// <summary>A counter that ends in the ledger as stage <c>line-protocol</c>, unit <c>values</c>.</summary>
    public static LineCuts In(FlowLedger ledger) => new(ledger.Stage("line-protocol", "values"));

    internal void Key() => Add("key-cut");

    internal void TagValue() => Add("tag-value-cut");

    internal void Tag() => Add("tag-left-out");

    internal void StringField() => Add("string-cut");

    internal void Field() => Add("field-left-out");

    /// <summary>A whole command line: what in it is secret could not be told.</summary>
    internal void Command() => Add("command-hidden");

    private void Add(string reason)
    {
        Interlocked.Increment(ref _count);
        stage?.In(1);
        stage?.Lost(reason, 1);
    }
}
