namespace EbpfActors.Probes;

/// <summary>One logical hook: which rung of its ladder is attached, or why none is.</summary>
/// <param name="Hook">What it is for, for example <c>tcp-state</c>.</param>
/// <param name="Rung">The kernel hook in use, for example <c>tp_btf/inet_sock_set_state</c>; empty when none attached.</param>
/// <param name="Problem">Empty, or what is lost with this rung, or without any.</param>
public sealed record HookStatus(string Hook, string Rung, string Problem)
{
    /// <summary>Better rungs that could not be used, best first, with the reason of each.</summary>
    public IReadOnlyList<HookRefusal> Refused { get; init; } = [];

    /// <summary>Empty, or what has to come before the hook has anything to attach to: nothing is lost until then.</summary>
    public string WaitsFor { get; init; } = "";
}

/// <summary>A rung that the user or the kernel refused, and why.</summary>
public sealed record HookRefusal(string Rung, string Reason);

/// <summary>A loss that the kernel side or a decoder counted, with its reason, since the probe was attached.</summary>
public sealed record ProbeLoss(string Reason, long Records, long Bytes)
{
    /// <summary>Those that happened, of counters without bytes.</summary>
    internal static List<ProbeLoss> Of(params ReadOnlySpan<(string Reason, long Records)> counters)
    {
        var losses = new List<ProbeLoss>();
        foreach (var (reason, records) in counters)
        {
            if (records > 0)
            {
                losses.Add(new ProbeLoss(reason, records, 0));
            }
        }

        return losses;
    }
}

/// <summary>What a probe counted since it was attached. <paramref name="Limits"/> names tables with their fill and size.</summary>
public sealed record ProbeCounters(long Records, IReadOnlyList<ProbeLoss> Losses, IReadOnlyList<TableFill> Limits)
{
    /// <summary>What was seen, and is no loss, but does not become a point: a request that nobody answered.</summary>
    public IReadOnlyList<ProbeLoss> LeftOut { get; init; } = [];

    /// <summary>Hooks that come and go with what runs on the host; the fixed ones are told when the probe is attached.</summary>
    public IReadOnlyList<HookStatus> Hooks { get; init; } = [];
}

/// <summary>How full a bounded table is.</summary>
public sealed record TableFill(string Table, long Used, long Size);
