using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>Puts programs of the loaded tls object at places of a file, by one rung of <c>tls-calls</c>.</summary>
/// <param name="obj">The object, loaded for the rung.</param>
/// <param name="rung">The rung's name.</param>
/// <param name="refused">Programs for one kind of place that the kernel did not load, and why.</param>
internal sealed class TlsProbes(BpfObject obj, string rung, IReadOnlyDictionary<string, BpfException> refused)
{
    /// <summary>The programs that the rungs below <c>uprobe_multi</c> need, one for each kind of place.</summary>
    public static IReadOnlyList<string> AtOnePlace { get; } =
    [
        .. Enum.GetValues<TlsPoint>().Where(p => p is not (TlsPoint.LeaveInner or TlsPoint.ReadDone)).Select(p => TlsPoints.Program(p, 0)!),
        .. new[] { 0, 8, 16, 24 }.Select(offset => TlsPoints.Program(TlsPoint.LeaveInner, offset)!),
    ];

    /// <summary>Links to many places at once: quick to remove.</summary>
    public bool AreAtOnce => rung == TlsLadders.UprobeMulti;

    /// <summary>What is lost with the programs that the kernel did not load; empty when it loaded all.</summary>
    public string Lost => refused.Count == 0 ? "" : "not loaded: " + string.Join("; ", refused.Select(r => $"{r.Key} ({r.Value.Reason})"));

    /// <summary>False for a place that capture is better off without than without the file, where its program was not loaded.</summary>
    public bool CanServe(ProbePoint point) =>
        AreAtOnce || TlsPoints.Of(point) is not (TlsPoint.Free or TlsPoint.Bio) || !refused.ContainsKey(Program(point));

    /// <summary>Whether the kernel takes this rung. A refusal that may pass says nothing about that.</summary>
    /// <exception cref="BpfException">It does not.</exception>
    public void Try(OwnPlace place)
    {
        try
        {
            var link = AreAtOnce
                ? UprobeLinks.Attach(obj, TlsLadders.AtAnyPlace, place.Path, [place.Offset], [0], isReturn: false)
                : AttachOne(AtOnePlace.FirstOrDefault(p => !refused.ContainsKey(p)) ?? throw refused.Values.First(), place.Path, place.Offset, isReturn: false);
            new Thread(link.Dispose) { IsBackground = true }.Start();
        }
        catch (BpfException e) when (e.MayPass)
        {
            // Each file is tried anew.
        }
    }

    /// <summary>Attaches to places that are all returns, or none.</summary>
    /// <exception cref="BpfException">The kernel refuses one, or has refused its program. What was attached before is handed out.</exception>
    public void Attach(string path, ProbePoint[] points, Action<IDisposable> keep)
    {
        var isReturn = points[0].Moment == ProbeMoment.Return;
        if (AreAtOnce)
        {
            ulong[] cookies = [.. points.Select(p => TlsPoints.Cookie(Known(p), p))];
            keep(UprobeLinks.Attach(obj, TlsLadders.AtAnyPlace, path, Array.ConvertAll(points, p => p.FileOffset), cookies, isReturn));
            return;
        }

        foreach (var point in points)
        {
            keep(AttachOne(Loaded(point), path, point.FileOffset, isReturn));
        }
    }

    private IDisposable AttachOne(string program, string path, ulong offset, bool isReturn) => rung == TlsLadders.Uprobe
        ? obj.AttachUprobe(program, path, offset, isReturn, cookie: 0)
        : PerfUprobe.Attach(obj, program, path, offset, isReturn);

    private string Loaded(ProbePoint point)
    {
        var program = Program(point);
        return refused.TryGetValue(program, out var why)
            ? throw new BpfException($"probe {point.Call} {point.Moment}, for which {program} was not loaded", why.Errno)
            : program;
    }

    private static string Program(ProbePoint point) => TlsPoints.Program(Known(point), point.StackOffset) ?? throw NoProgram(point);

    private static TlsPoint Known(ProbePoint point) => TlsPoints.Of(point) ?? throw NoProgram(point);

    private static BpfException NoProgram(ProbePoint point) =>
        new($"probe {point.Call} {point.Moment} {point.StackOffset}", Errno.NotSupported);
}
