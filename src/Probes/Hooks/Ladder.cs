namespace EbpfActors.Probes.Hooks;

/// <summary>
/// Where one probe stands on the ladder of one hook: on the best rung that neither the user nor the kernel has refused so far.
/// Not thread-safe.
/// </summary>
internal sealed class Ladder
{
    private readonly List<HookRefusal> _refused = [];

    /// <param name="hook">The hook.</param>
    /// <param name="without">Rungs that the user does not want.</param>
    public Ladder(Hook hook, WithoutHooks without)
    {
        Hook = hook;
        foreach (var rung in hook.Rungs.Where(r => without.Refuse(hook, r)))
        {
            _refused.Add(new HookRefusal(rung.Name, WithoutHooks.Reason));
        }
    }

    public Hook Hook { get; }

    /// <summary>The rung in use or to be tried; null when all were refused.</summary>
    public Rung? Rung => Left.Count > 0 ? Left[0] : null;

    /// <summary>The rung in use or to be tried and those behind it that were not refused, best first.</summary>
    public IReadOnlyList<Rung> Left => [.. Hook.Rungs.Where(r => _refused.TrueForAll(n => n.Rung != r.Name))];

    /// <summary>Whether the rung of this name is in use or to be tried.</summary>
    public bool IsOn(string rung) => Rung?.Name == rung;

    /// <summary>The kernel does not allow the rung in use: the next one is to be tried.</summary>
    public void Refuse(string reason)
    {
        if (Rung is { } rung)
        {
            _refused.Add(new HookRefusal(rung.Name, reason));
        }
    }

    /// <summary>None of the rungs that are left can be used: what they build upon is not there.</summary>
    public void RefuseAll(string reason)
    {
        foreach (var rung in Left)
        {
            Refuse(rung.Name, reason);
        }
    }

    /// <summary>A rung that cannot be used, whether or not its turn has come: what it builds upon is not there.</summary>
    public void Refuse(string rung, string reason)
    {
        if (_refused.TrueForAll(n => n.Rung != rung))
        {
            _refused.Add(new HookRefusal(Hook[rung].Name, reason));
        }
    }

    /// <summary>For status and log.</summary>
    /// <param name="detail">What is to be said about the rung beside the kernel's interface, for example how many places it is attached to.</param>
    public HookStatus Status(string detail = "")
    {
        var rung = Rung;
        HookRefusal[] refused = [.. _refused.Where(r => rung is null || Hook.Rungs.IndexOf(Hook[r.Rung]) < Hook.Rungs.IndexOf(rung))];
        return rung is null
            ? new HookStatus(Hook.Name, "", Hook.Without) { Refused = refused }
            : new HookStatus(Hook.Name, detail.Length == 0 ? rung.Kernel : $"{rung.Kernel}, {detail}", refused.Length > 0 ? rung.Cost : "") { Refused = refused };
    }
}
