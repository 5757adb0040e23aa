using EbpfActors.Probes.Net;

namespace EbpfActors.Actors.Flows;

/// <summary>What <see cref="FlowFilter"/> says about a record.</summary>
public enum FlowVerdict
{
    Keep,

    /// <summary>An open connection on which nothing moved: there is nothing to account for.</summary>
    NothingHappened,

    /// <summary>A port is 0: the socket was never connected.</summary>
    NoPort,

    /// <summary>An address is unspecified.</summary>
    NoAddress,

    /// <summary>Either side is the host itself.</summary>
    Loopback,
}

/// <summary>Decides which records become flows; the rules of the reference, with loopback on request.</summary>
public static class FlowFilter
{
    public static FlowVerdict Judge(in FlowDelta delta, bool includeLoopback)
    {
        if ((delta.BytesRead | delta.BytesWritten | delta.Retransmits | delta.Established | delta.Closed) == 0)
        {
            return FlowVerdict.NothingHappened;
        }

        return Judge(delta.Flow, includeLoopback);
    }

    /// <summary>What the addresses alone say.</summary>
    public static FlowVerdict Judge(in FlowIdentity flow, bool includeLoopback)
    {
        if (flow.SourcePort == 0 || flow.DestinationPort == 0)
        {
            return FlowVerdict.NoPort;
        }

        if (flow.Source.IsUnspecified || flow.Destination.IsUnspecified)
        {
            return FlowVerdict.NoAddress;
        }

        return !includeLoopback && (flow.Source.IsLoopback || flow.Destination.IsLoopback)
            ? FlowVerdict.Loopback
            : FlowVerdict.Keep;
    }
}
