using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>Sums over the records of one key; round-trip times are means over the records that knew one.</summary>
public readonly record struct FlowTotals
{
    /// <summary>How many kernel records are in these sums.</summary>
    public long Records { get; init; }

    public ulong BytesRead { get; init; }

    public ulong BytesWritten { get; init; }

    public ulong Retransmits { get; init; }

    public ulong Established { get; init; }

    public ulong Closed { get; init; }

    /// <summary>Records with a known round-trip time; the divisor of the two means.</summary>
    public ulong RttSamples { get; init; }

    public ulong RttSum { get; init; }

    public ulong RttVarSum { get; init; }

    /// <summary>Microseconds, 0 when no record knew it.</summary>
    public ulong Rtt => RttSamples == 0 ? 0 : RttSum / RttSamples;

    /// <summary>Microseconds, 0 when no record knew it.</summary>
    public ulong RttVar => RttSamples == 0 ? 0 : RttVarSum / RttSamples;

    /// <summary>The sums of a single record.</summary>
    public static FlowTotals Of(in FlowDelta delta)
    {
        var known = delta.RttMicros != 0;
        return new FlowTotals
        {
            Records = 1,
            BytesRead = delta.BytesRead,
            BytesWritten = delta.BytesWritten,
            Retransmits = delta.Retransmits,
            Established = delta.Established,
            Closed = delta.Closed,
            RttSamples = known ? 1UL : 0,
            RttSum = known ? delta.RttMicros : 0,
            RttVarSum = known ? delta.RttVarMicros : 0,
        };
    }

    public static FlowTotals Add(in FlowTotals left, in FlowTotals right) => new()
    {
        Records = left.Records + right.Records,
        BytesRead = left.BytesRead + right.BytesRead,
        BytesWritten = left.BytesWritten + right.BytesWritten,
        Retransmits = left.Retransmits + right.Retransmits,
        Established = left.Established + right.Established,
        Closed = left.Closed + right.Closed,
        RttSamples = left.RttSamples + right.RttSamples,
        RttSum = left.RttSum + right.RttSum,
        RttVarSum = left.RttVarSum + right.RttVarSum,
    };

    public static FlowTotals operator +(FlowTotals left, FlowTotals right) => Add(left, right);
}
