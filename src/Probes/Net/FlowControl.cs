using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net;

/// <summary>What the net object's walks are told, byte for byte <c>struct flow_control</c> of bpf/net/flow_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowControl
{
    internal ulong UdpIdleNs;
    internal uint SweepAll;
    internal AdoptWhat Adopt;
    internal uint Sweep;
    internal uint EndsUnseen;
    internal uint Begun;
    internal uint Pad;
}

/// <summary><c>enum adopt_what</c> of bpf/net/flow_wire.h.</summary>
internal enum AdoptWhat : uint
{
    /// <summary>Connections and UDP sockets; their direction depends on the listeners, which are to be adopted before.</summary>
    All,

    /// <summary>Listening TCP sockets only.</summary>
    Listeners,

    /// <summary>UDP sockets only: TCP connections are followed in another way, or not at all.</summary>
    Udp,
}

/// <summary>One reason of <c>enum flow_loss</c>: per CPU, <c>struct flow_loss_count</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowLossCount
{
    internal ulong Records;
    internal ulong Bytes;
}
