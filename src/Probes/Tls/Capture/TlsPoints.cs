namespace EbpfActors.Probes.Tls.Capture;

/// <summary>Which part of the tls object belongs to which place in a library.</summary>
internal static class TlsPoints
{
    /// <summary>TLS_POINT_BITS.</summary>
    private const int Bits = 8;

    /// <summary>Null for a place that the object has nothing for.</summary>
    public static TlsPoint? Of(ProbePoint point) => (point.Call, point.Moment) switch
    {
        (TlsCall.Read or TlsCall.GnuTlsRecv, ProbeMoment.Entry) => TlsPoint.EnterRead,
        (TlsCall.Write or TlsCall.GnuTlsSend, ProbeMoment.Entry) => TlsPoint.EnterWrite,
        (TlsCall.ReadEx, ProbeMoment.Entry) => TlsPoint.EnterReadEx,
        (TlsCall.WriteEx, ProbeMoment.Entry) => TlsPoint.EnterWriteEx,
        (TlsCall.ReadEx or TlsCall.WriteEx, ProbeMoment.Return) => TlsPoint.LeaveEx,
        (TlsCall.Read or TlsCall.Write or TlsCall.GnuTlsRecv or TlsCall.GnuTlsSend, ProbeMoment.Return) => TlsPoint.Leave,
        (TlsCall.Read or TlsCall.Write or TlsCall.ReadEx or TlsCall.WriteEx, ProbeMoment.InnerResult) => TlsPoint.LeaveInner,
        (TlsCall.Free or TlsCall.GnuTlsDeinit, ProbeMoment.Entry) => TlsPoint.Free,
        (TlsCall.BioWrite, ProbeMoment.Entry) => TlsPoint.Bio,
        (TlsCall.GoRead, ProbeMoment.Entry) => TlsPoint.GoRead,
        (TlsCall.GoWrite, ProbeMoment.Entry) => TlsPoint.GoWrite,
        (TlsCall.GoRead, ProbeMoment.GoReturn) => TlsPoint.GoLeave,
        (TlsCall.AnyRead, ProbeMoment.Done) => TlsPoint.ReadDone,
        (TlsCall.GoRead, ProbeMoment.Done) => TlsPoint.GoDone,
        _ => null,
    };

    /// <summary>Says the place to the program that stands at all of them.</summary>
    public static ulong Cookie(TlsPoint what, ProbePoint point) => (ulong)what | (Detail(what, point) << Bits);

    /// <summary>For a read that is done four bits for each register: object, buffer, count, peek.</summary>
    private static ulong Detail(TlsPoint what, ProbePoint point) => what != TlsPoint.ReadDone
        ? (ulong)point.StackOffset
        : point.Registers.Session | ((ulong)point.Registers.Buffer << 4) | ((ulong)point.Registers.Count << 8) | ((ulong)point.Registers.Peek << 12);

    /// <summary>The program for one kind of place; null for an offset on the stack that none was made for.</summary>
    public static string? Program(TlsPoint what, int stackOffset) => what switch
    {
        TlsPoint.EnterRead => "tls_enter_read",
        TlsPoint.EnterWrite => "tls_enter_write",
        TlsPoint.EnterReadEx => "tls_enter_rd_ex",
        TlsPoint.EnterWriteEx => "tls_enter_wr_ex",
        TlsPoint.Leave => "tls_leave",
        TlsPoint.LeaveEx => "tls_leave_ex",
        TlsPoint.LeaveInner => stackOffset is 0 or 8 or 16 or 24 ? $"tls_leave_{stackOffset}" : null,
        TlsPoint.Free => "tls_free",
        TlsPoint.Bio => "tls_on_bio",
        TlsPoint.GoRead => "tls_go_read",
        TlsPoint.GoWrite => "tls_go_write",
        TlsPoint.GoLeave => "tls_go_leave",
        TlsPoint.GoDone => "tls_go_done",
        _ => null,
    };
}
