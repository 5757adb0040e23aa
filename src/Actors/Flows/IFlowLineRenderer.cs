namespace EbpfActors.Actors.Flows;

/// <summary>Writes a flow as one line of line protocol. Thread-safe: every aggregator of the process shares one.</summary>
public interface IFlowLineRenderer
{
    /// <summary>Measurement and tags, escaped, in the renderer's own form; an aggregator keeps it for as long as it lives.</summary>
    object TagPrefix(in FlowKey key);

    /// <summary>The whole line without the newline; the caller owns the array.</summary>
    byte[] Line(object prefix, in FlowKey key, in FlowTotals totals, long timestampNs);
}
