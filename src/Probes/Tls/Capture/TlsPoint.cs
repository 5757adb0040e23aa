namespace EbpfActors.Probes.Tls.Capture;

/// <summary>What a probe of the tls object does at its place: <c>enum tls_point</c> of bpf/tls/tls_wire.h, in its order.</summary>
internal enum TlsPoint
{
    EnterRead,
    EnterWrite,
    EnterReadEx,
    EnterWriteEx,
    Leave,
    LeaveEx,
    LeaveInner,
    Free,
    Bio,
    GoRead,
    GoWrite,
    GoLeave,
    ReadDone,
    GoDone,
}
