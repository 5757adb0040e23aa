namespace EbpfActors.Actors.Ledger;

/// <summary>The names of the stages that more than one actor counts in.</summary>
public static class LedgerStages
{
    /// <summary>Kernel records of flows, from the probe's reader to the points of a flush.</summary>
    public const string Flows = "flows";

    /// <summary>HTTP exchanges, from the probe's reader to the points of a flush.</summary>
    public const string Http = "http";

    /// <summary>Command lines, from the probe's reader to the points.</summary>
    public const string Bash = "bash";

    /// <summary>News of translated connections; nothing of it becomes a point.</summary>
    public const string Conntrack = "conntrack";

    /// <summary>DNS queries that were answered or timed out, from the probe's reader to the points of a flush.</summary>
    public const string Dns = "dns";

    /// <summary>What the kernel side of a probe saw: records handed to user space, and what it could not keep.</summary>
    public const string Kernel = "kernel";

    /// <summary>Points that found no output alive; counts only losses.</summary>
    public const string Undelivered = "undelivered";
}
