using EbpfActors.Probes.Bpf;
using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Bash;

/// <summary>Owns the object <c>bash</c> as this kernel takes it: loaded, with the exec program and the iterator attached, if there are any.</summary>
internal sealed class BashPrograms : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private BashPrograms(BpfObject loaded)
    {
        Object = loaded;
        _owned.Add(loaded);
    }

    public BpfObject Object { get; }

    /// <summary>Over all tasks; null when that rung is not in use.</summary>
    public BpfIterator? Scan { get; private set; }

    /// <summary>Loads and attaches with the best rungs; a rung that the kernel refuses moves its ladder, and all is loaded again.</summary>
    /// <param name="open">Opens the object anew each time.</param>
    /// <param name="ladders">Of this probe.</param>
    /// <exception cref="BpfException">The kernel refuses what belongs to no hook.</exception>
    public static BashPrograms Load(Func<BpfObject> open, BashLadders ladders)
    {
        while (true)
        {
            ladders.Settle();
            var ready = KeepReady(ladders.FirstLines);
            BashPrograms? programs = null;
            try
            {
                programs = new BashPrograms(LadderLoad.Load(() => LineProbes.Prepare(open(), ladders.Lines), ladders.Programs));
                if (programs.TryAttach(ladders) && !ladders.Settle())
                {
                    programs.Keep(ready);
                    return programs;
                }
            }
            catch
            {
                programs?.Dispose();
                ready?.Dispose();
                throw;
            }

            programs.Dispose();
            ready?.Dispose();
        }
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    private static IDisposable? KeepReady(Ladder firstLines)
    {
        if (firstLines.Rung is null)
        {
            return null;
        }

        try
        {
            return Breakpoint.KeepReady();
        }
        catch (BpfException e)
        {
            firstLines.Refuse(e.Reason);
            return null;
        }
    }

    /// <summary>False when a rung that needs other programs has to be tried.</summary>
    private bool TryAttach(BashLadders ladders) =>
        Try(ladders.Lines, "uprobe_multi", () => UprobeLinks.Require(Object, BashLadders.OnLine))
        && Try(ladders.Exec, "tp_btf", () => Keep(Object.Attach(BashLadders.OnExec)))
        && Try(ladders.Exec, "raw_tp", () => Keep(Object.Attach(BashLadders.OnExecRaw)))
        && Try(ladders.Shells, "iter", () => Scan = Keep(Object.AttachIterator(BashLadders.Scan)))
        && Try(ladders.FirstLines, "breakpoint", () => Breakpoint.Require(Object, BashLadders.OnBreak));

    private static bool Try(Ladder ladder, string rung, Action attach)
    {
        try
        {
            if (ladder.IsOn(rung))
            {
                attach();
            }

            return true;
        }
        catch (BpfException e)
        {
            ladder.Refuse(e.Reason);
            return false;
        }
    }

    private T Keep<T>(T owned)
        where T : IDisposable?
    {
        if (owned is not null)
        {
            _owned.Add(owned);
        }

        return owned;
    }
}
