namespace EbpfActors.Probes.Tls.Capture;

/// <summary>Which program of the tls object belongs to which place in a library.</summary>
internal static class TlsPrograms
{
    /// <summary>The program; null for a place that nothing is to be learnt at, or that has no program.</summary>
    public static string? For(ProbePoint point) => (point.Call, point.Moment) switch
    {
        (TlsCall.Read or TlsCall.GnuTlsRecv, ProbeMoment.Entry) => "tls_enter_read",
        (TlsCall.Write or TlsCall.GnuTlsSend, ProbeMoment.Entry) => "tls_enter_write",
        (TlsCall.ReadEx, ProbeMoment.Entry) => "tls_enter_rd_ex",
        (TlsCall.WriteEx, ProbeMoment.Entry) => "tls_enter_wr_ex",
        (TlsCall.ReadEx or TlsCall.WriteEx, ProbeMoment.Return) => "tls_leave_ex",
        (TlsCall.Read or TlsCall.Write or TlsCall.GnuTlsRecv or TlsCall.GnuTlsSend, ProbeMoment.Return) => "tls_leave",
        (TlsCall.Read or TlsCall.Write or TlsCall.ReadEx or TlsCall.WriteEx, ProbeMoment.InnerResult)
            when point.StackOffset is 0 or 8 or 16 or 24 => $"tls_leave_{point.StackOffset}",
        (TlsCall.Free or TlsCall.GnuTlsDeinit, ProbeMoment.Entry) => "tls_free",
        (TlsCall.BioWrite, ProbeMoment.Entry) => "tls_on_bio",
        (TlsCall.GoRead, ProbeMoment.Entry) => "tls_go_read",
        (TlsCall.GoWrite, ProbeMoment.Entry) => "tls_go_write",
        (TlsCall.GoRead or TlsCall.GoWrite, ProbeMoment.GoReturn) => "tls_go_leave",
        _ => null,
    };

    /// <summary>Handshakes carry no plaintext, and a session is told from its first read or write on.</summary>
    public static bool IsNeeded(ProbePoint point) => point.Call != TlsCall.Handshake;

    /// <summary>Results first: a thread that is seen to enter a call must be seen to leave it.</summary>
    public static IEnumerable<ProbePoint> InOrder(IEnumerable<ProbePoint> points) =>
        points.Where(IsNeeded).OrderBy(p => p.Moment == ProbeMoment.Entry && p.Call is not (TlsCall.Free or TlsCall.GnuTlsDeinit));
}
