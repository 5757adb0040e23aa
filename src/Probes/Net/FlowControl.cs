using System.Runtime.InteropServices;

namespace EbpfActors.Probes.Net;

/// <summary>What the net object's walks are told, byte for byte <c>struct flow_control</c> of bpf/net/flow_wire.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowControl
{
    internal ulong UdpIdleNs;
    internal long UnsureOwners;
    internal uint SweepAll;
    internal uint AdoptListeners;
}

/// <summary>One reason of <c>enum flow_loss</c>: per CPU, <c>struct flow_loss_count</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlowLossCount
{
    internal ulong Records;
    internal ulong Bytes;
}
