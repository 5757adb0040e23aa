using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>The loaded tls object: which places of a file its programs stand at.</summary>
internal sealed class TlsPrograms(BpfObject obj, TlsProbes probes, TlsLadders ladders)
{
    public BpfObject Object => obj;

    /// <summary>Links to many places at once: quick to remove.</summary>
    public bool AtOnce => probes.AreAtOnce;

    /// <summary>What is lost with programs that the kernel did not load; empty when it loaded all.</summary>
    public string Lost => probes.Lost;

    /// <summary>Results first: a thread that is seen to enter a call must be seen to leave it.</summary>
    /// <exception cref="BpfException">The kernel refuses a place; then none is attached.</exception>
    public List<IDisposable> Attach(TlsTarget target)
    {
        var links = new List<IDisposable>();
        try
        {
            // Handshakes carry no plaintext; a session is known from its first read or write on.
            foreach (var group in Points(target).GroupBy(Group).OrderBy(g => g.Key))
            {
                probes.Attach(target.AttachPath, [.. group], links.Add);
            }

            return links;
        }
        catch
        {
            links.ForEach(link => link.Dispose());
            throw;
        }
    }

    /// <summary>Why there is no use in probing a file; null when there is.</summary>
    public string? Useless(TlsTarget target) =>
        ladders.Untied(target.Flavour) ?? (Points(target).Any() ? null : $"it is of use to {Hooks.TlsHooks.Sockets.Name} only");

    /// <summary>Whether a thread that reads is known to be inside the library while it does.</summary>
    public bool SeeReadsBegin(TlsTarget target) => Points(target).Any(p => TlsPoints.Of(p) is TlsPoint.EnterRead or TlsPoint.EnterReadEx);

    private IEnumerable<ProbePoint> Points(TlsTarget target)
    {
        // Where all reads end serves for SSL_read and SSL_read_ex, if the program there can be told of its registers. It does not show
        // when they begin, which a session must know that only a receive can tie to its socket.
        var isSeenWhenDone = probes.AreAtOnce && ladders.Sockets.Rung is not null && target.Points.Any(p => p.Call == TlsCall.AnyRead);
        return target.Points.Where(p => probes.CanServe(p) && p.Call switch
        {
            TlsCall.Handshake => false,
            TlsCall.Read or TlsCall.ReadEx => !isSeenWhenDone,
            TlsCall.AnyRead => isSeenWhenDone,
            _ => true,
        });
    }

    private static (bool IsEntry, bool IsCode) Group(ProbePoint point) => (TlsPoints.Of(point) is
        TlsPoint.EnterRead or TlsPoint.EnterReadEx or TlsPoint.EnterWrite or TlsPoint.EnterWriteEx or TlsPoint.GoRead or TlsPoint.GoWrite,
        point.Moment != ProbeMoment.Return);
}
