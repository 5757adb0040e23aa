namespace EbpfActors.Probes.Bpf;

/// <summary>
/// Loads an object with the best rung of each hook that this kernel takes. libbpf loads all programs of an object or none: a program
/// that is refused moves its hook to the next rung, and the object is loaded again without it, so that no refusal takes a sibling along.
/// </summary>
internal static class LadderLoad
{
    /// <param name="open">Opens the object anew each time, sized and prepared.</param>
    /// <param name="ladders">Every program that is named here is loaded only when its rung is in use. The others are always loaded.</param>
    /// <exception cref="BpfException">The kernel refuses something that belongs to no hook.</exception>
    public static BpfObject Load(Func<BpfObject> open, IReadOnlyCollection<ProgramLadder> ladders)
    {
        while (true)
        {
            var wanted = ladders.SelectMany(l => l.Wanted).ToHashSet();
            var bpf = open();
            try
            {
                foreach (var program in ladders.SelectMany(l => l.All).Distinct().Where(p => !wanted.Contains(p)))
                {
                    bpf.Skip(program);
                }

                bpf.Load();
                return bpf;
            }
            catch (BpfException e)
            {
                bpf.Dispose();
                if (e.Program is null || !Refuse(ladders, e))
                {
                    throw;
                }
            }
            catch
            {
                bpf.Dispose();
                throw;
            }
        }
    }

    private static bool Refuse(IReadOnlyCollection<ProgramLadder> ladders, BpfException refusal)
    {
        var concerned = ladders.Where(l => l.Wanted.Contains(refusal.Program!)).ToList();
        concerned.ForEach(l => l.Ladder.Refuse(refusal.Reason));
        return concerned.Count > 0;
    }
}
