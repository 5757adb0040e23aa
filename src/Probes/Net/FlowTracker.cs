using System.Runtime.InteropServices;
using EbpfActors.Probes.Conntrack;

namespace EbpfActors.Probes.Net;

/// <summary>
/// Turns the kernel's cumulative records into deltas. Because records are cumulative, one that comes twice, late or not at all
/// changes nothing in the sums. Holds one entry for each flow that is open and was reported; not thread-safe.
/// </summary>
internal sealed class FlowTracker(ProcessNames names)
{
    private readonly Dictionary<ulong, Reported> _reported = [];
    private uint _sweep;

    /// <summary>Flows that are open and were reported.</summary>
    internal int Count => _reported.Count;

    /// <summary>The delta since the flow's previous record; false when nothing happened.</summary>
    internal bool TryObserve(in FlowEvent record, out FlowDelta delta)
    {
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_reported, record.Id, out var known);
        var read = Advance(ref last.Rx, record.RxBytes);
        var written = Advance(ref last.Tx, record.TxBytes);
        var retransmits = (uint)Advance(ref last.Retransmits, record.Retransmits);
        last.Sweep = _sweep;
        var isTcp = (Transport)record.Transport == Transport.Tcp;
        delta = new FlowDelta(
            Identify(record),
            read,
            written,
            retransmits,
            Established: isTcp && !known ? 1u : 0u,
            Closed: isTcp && record.IsClosed ? 1u : 0u,
            record.RttUs,
            record.RttVarUs)
        {
            Nat = record.NatPort == 0 ? default : new NatTarget(IpAddress.Read(record.NatAddr), record.NatPort),
        };
        if (record.IsClosed)
        {
            _reported.Remove(record.Id);
        }

        return (read | written | retransmits | delta.Established | delta.Closed) != 0;
    }

    /// <summary>Whether the flow was reported and is open.</summary>
    internal bool IsOpen(ulong id) => _reported.ContainsKey(id);

    /// <summary>Marks the start of a sweep that shows every open flow.</summary>
    internal void BeginFullSweep() => _sweep++;

    /// <summary>After a full sweep: forgets what it did not show, whose last record was lost. The number of such flows.</summary>
    internal int ForgetUnseen()
    {
        var gone = _reported.Where(entry => entry.Value.Sweep != _sweep).Select(entry => entry.Key).ToList();
        gone.ForEach(id => _reported.Remove(id));
        return gone.Count;
    }

    /// <summary>A counter that seems to run backwards was read while the kernel was changing it: the next record makes up for it.</summary>
    private static ulong Advance(ref ulong last, ulong now)
    {
        if (now <= last)
        {
            return 0;
        }

        var delta = now - last;
        last = now;
        return delta;
    }

    private FlowIdentity Identify(in FlowEvent record) => new(
        IpAddress.Read(record.Saddr),
        IpAddress.Read(record.Daddr),
        record.Sport,
        record.Dport,
        (Transport)record.Transport,
        (Direction)record.Direction,
        record.Tgid,
        record.Netns,
        names.Name(record.Tgid, record.Comm))
    {
        BornNs = FlowEvent.BornNs(record.Id, KernelClock.NowNs),
    };

    private struct Reported
    {
        internal ulong Rx;
        internal ulong Tx;
        internal ulong Retransmits;
        internal uint Sweep;
    }
}
