using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>Puts the programs of the tls object at the places of a file, by the better of the two ways that the kernel has.</summary>
internal sealed class TlsPrograms
{
    private const string AtAnyPlace = "tls_at_point";
    private const string AfterCalls = "tls_take";

    private static readonly string[] AtOnePlace =
    [
        .. Enum.GetValues<TlsPoint>().Where(p => p is not (TlsPoint.LeaveInner or TlsPoint.ReadDone)).Select(p => TlsPoints.Program(p, 0)!),
        .. new[] { 0, 8, 16, 24 }.Select(offset => TlsPoints.Program(TlsPoint.LeaveInner, offset)!),
    ];

    private TlsPrograms(BpfObject obj, bool atOnce)
    {
        Object = obj;
        AtOnce = atOnce;
    }

    public BpfObject Object { get; }

    /// <summary>Links to many places at once, Linux 6.6.</summary>
    public bool AtOnce { get; }

    /// <summary>Opens and loads the object; <paramref name="prepare"/> is called before each try.</summary>
    public static TlsPrograms Load(Action<BpfObject> prepare, bool mayLinkAtOnce)
    {
        if (!mayLinkAtOnce)
        {
            return LoadFor(prepare, atOnce: false);
        }

        try
        {
            var programs = LoadFor(prepare, atOnce: true);
            if (UprobeLinks.AreSupported(programs.Object, AtAnyPlace))
            {
                return programs;
            }

            programs.Object.Dispose();
        }
        catch (BpfException)
        {
            // Before Linux 5.15 a program cannot ask where it is attached, and is refused.
        }

        return LoadFor(prepare, atOnce: false);
    }

    /// <summary>Results first: a thread that is seen to enter a call must be seen to leave it.</summary>
    public List<IDisposable> Attach(TlsTarget target)
    {
        var links = new List<IDisposable>();
        try
        {
            // Handshakes carry no plaintext; a session is known from its first read or write on.
            foreach (var group in target.Points.Where(Serves(target)).GroupBy(Group).OrderBy(g => g.Key))
            {
                Attach(target, [.. group], links.Add);
            }

            return links;
        }
        catch
        {
            links.ForEach(link => link.Dispose());
            throw;
        }
    }

    /// <summary>Whether a thread that reads is known to be inside the library while it does.</summary>
    public bool SeeReadsBegin(TlsTarget target) =>
        target.Points.Where(Serves(target)).Any(p => TlsPoints.Of(p) is TlsPoint.EnterRead or TlsPoint.EnterReadEx);

    /// <summary>Where all reads end serves for SSL_read and SSL_read_ex, if the program there can be told of its registers.</summary>
    private Func<ProbePoint, bool> Serves(TlsTarget target) =>
        AtOnce && target.Points.Any(p => p.Call == TlsCall.AnyRead)
            ? p => p.Call is not (TlsCall.Handshake or TlsCall.Read or TlsCall.ReadEx)
            : p => p.Call is not (TlsCall.Handshake or TlsCall.AnyRead);

    private static (bool IsEntry, bool IsCode) Group(ProbePoint point) => (TlsPoints.Of(point) is
        TlsPoint.EnterRead or TlsPoint.EnterReadEx or TlsPoint.EnterWrite or TlsPoint.EnterWriteEx or TlsPoint.GoRead or TlsPoint.GoWrite,
        point.Moment != ProbeMoment.Return);

    private static TlsPrograms LoadFor(Action<BpfObject> prepare, bool atOnce)
    {
        var obj = BpfObject.Open("tls");
        try
        {
            Array.ForEach(atOnce ? AtOnePlace : [AtAnyPlace], obj.Skip);
            if (atOnce)
            {
                obj.ForManyPlaces(AtAnyPlace, AfterCalls);
            }

            prepare(obj);
            obj.Load();
            obj.FillPrograms("tls_programs", AfterCalls);
            return new TlsPrograms(obj, atOnce);
        }
        catch
        {
            obj.Dispose();
            throw;
        }
    }

    private void Attach(TlsTarget target, ProbePoint[] points, Action<IDisposable> keep)
    {
        var isReturn = points[0].Moment == ProbeMoment.Return;
        var whats = Array.ConvertAll(points, Known);
        if (AtOnce)
        {
            ulong[] cookies = [.. points.Zip(whats, (point, what) => TlsPoints.Cookie(what, point))];
            keep(UprobeLinks.Attach(Object, AtAnyPlace, target.AttachPath, Array.ConvertAll(points, p => p.FileOffset), cookies, isReturn));
            return;
        }

        foreach (var (point, what) in points.Zip(whats))
        {
            var program = TlsPoints.Program(what, point.StackOffset) ?? throw NoProgram(point);
            keep(Object.AttachUprobe(program, target.AttachPath, point.FileOffset, isReturn, cookie: 0));
        }
    }

    private static TlsPoint Known(ProbePoint point) => TlsPoints.Of(point) ?? throw NoProgram(point);

    private static BpfException NoProgram(ProbePoint point) =>
        new($"probe {point.Call} {point.Moment} {point.StackOffset}", Errno.NotSupported);
}
