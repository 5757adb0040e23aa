using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;
using EbpfActors.Probes.Native;

namespace EbpfActors.Probes.Bash;

/// <summary>
/// Puts the line program where readline hands out a line, by the best rung that the kernel allows. A rung that refuses a file which the
/// next one takes is refused as a whole; a file that all refuse is the file's own matter, unless they do not permit it: then there are
/// no lines at all. Belongs to one thread at a time.
/// </summary>
internal sealed class LineProbes : IDisposable
{
    private readonly Func<BpfObject> _open;
    private readonly Ladder _ladder;
    private readonly BpfObject _loaded;
    private readonly bool _isForManyPlaces;
    private BpfObject? _forOnePlace;
    private bool _hasCookies = true;

    /// <param name="loaded">The object as it was loaded for the rung in use. Not owned.</param>
    /// <param name="open">Opens the object anew.</param>
    /// <param name="ladder">Of <c>bash-lines</c>.</param>
    public LineProbes(BpfObject loaded, Func<BpfObject> open, Ladder ladder)
    {
        (_loaded, _open, _ladder) = (loaded, open, ladder);
        _isForManyPlaces = ladder.IsOn("uprobe_multi");
    }

    /// <summary>Whether each probe knows which attached file it is on. Where not, a file must not have two: its lines would be told twice.</summary>
    public bool HaveCookies => _hasCookies && !_ladder.IsOn("perf_event");

    /// <summary>No rung is left.</summary>
    public bool AreLost => _ladder.Rung is null;

    /// <summary>Before the load: the program has another kind for the first rung.</summary>
    public static BpfObject Prepare(BpfObject opened, Ladder ladder)
    {
        if (ladder.IsOn("uprobe_multi"))
        {
            opened.ForManyPlaces(BashLadders.OnLine);
        }

        return opened;
    }

    /// <summary>Attaches at all places of the site or at none. The probes stay until they are disposed of.</summary>
    /// <param name="path">The file.</param>
    /// <param name="site">Where its readline is.</param>
    /// <param name="owner">The cookie.</param>
    /// <exception cref="BpfException">No rung takes the file: the refusal of the first of those that are left.</exception>
    public IReadOnlyList<IDisposable> Attach(string path, ReadlineSite site, uint owner)
    {
        List<(Rung Rung, BpfException Refusal)> refusals = [];
        foreach (var rung in _ladder.Left)
        {
            try
            {
                var probes = Attach(rung, path, site, owner);
                refusals.ForEach(r => _ladder.Refuse(r.Rung.Name, r.Refusal.Reason));
                return probes;
            }
            catch (BpfException e)
            {
                refusals.Add((rung, e));
            }
        }

        if (refusals.TrueForAll(r => r.Refusal.Errno is Errno.Perm or Errno.Access or Errno.NoSys))
        {
            refusals.ForEach(r => _ladder.Refuse(r.Rung.Name, r.Refusal.Reason));
        }

        throw refusals.Count > 0 ? refusals[0].Refusal : new BpfException($"attach {BashLadders.OnLine}", Errno.NotSupported);
    }

    public void Dispose() => _forOnePlace?.Dispose();

    private List<IDisposable> Attach(Rung rung, string path, ReadlineSite site, uint owner)
    {
        if (rung.Name == "uprobe_multi")
        {
            ulong[] cookies = [.. site.Offsets.Select(_ => (ulong)owner)];
            return [UprobeLinks.Attach(_loaded, BashLadders.OnLine, path, [.. site.Offsets], cookies, site.IsEntry)];
        }

        var program = ForOnePlace();
        var probes = new List<IDisposable>();
        try
        {
            foreach (var offset in site.Offsets)
            {
                probes.Add(rung.Name == "uprobe"
                    ? AttachLink(program, path, offset, site.IsEntry, owner)
                    : PerfUprobe.Attach(program, BashLadders.OnLine, path, offset, site.IsEntry));
            }

            return probes;
        }
        catch
        {
            probes.ForEach(p => p.Dispose());
            throw;
        }
    }

    private BpfLinkHandle AttachLink(BpfObject program, string path, ulong offset, bool isEntry, uint owner)
    {
        if (_hasCookies)
        {
            try
            {
                return program.AttachUprobe(BashLadders.OnLine, path, offset, isEntry, owner);
            }
            catch (BpfException e) when (e.Errno == Errno.NotSupported)
            {
                _hasCookies = false; // before 5.15; there the mappings show one inode for every overlay of a file
            }
        }

        return program.AttachUprobe(BashLadders.OnLine, path, offset, isEntry, cookie: 0);
    }

    /// <summary>The program for single uprobes: the one that is loaded, or a second one beside it that uses the same maps.</summary>
    private BpfObject ForOnePlace()
    {
        if (!_isForManyPlaces)
        {
            return _loaded;
        }

        if (_forOnePlace is null)
        {
            var second = _open();
            try
            {
                second.Join(_loaded, BashLadders.OnLine);
                second.Load();
                _forOnePlace = second;
            }
            catch
            {
                second.Dispose();
                throw;
            }
        }

        return _forOnePlace;
    }
}
