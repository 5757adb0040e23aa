using EbpfActors.Probes.Hooks;

namespace EbpfActors.Probes.Conntrack;

/// <summary>What the conntrack probe needs to know before it starts.</summary>
public sealed record ConntrackOptions
{
    /// <summary>The host's /proc.</summary>
    public string ProcRoot { get; init; } = "/proc";

    /// <summary>The host's /, for namespaces that were given a name.</summary>
    public string HostRoot { get; init; } = "/";

    /// <summary>Translated connections that are kept at most.</summary>
    public int MaxConnections { get; init; } = 65536;

    /// <summary>How long an ended connection is remembered: the last record of a flow comes with a flush.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>After how long all rungs are tried again when the kernel refused each of them although it tracks connections; doubled each time.</summary>
    public static TimeSpan FirstRest { get; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest of these.</summary>
    public static TimeSpan LongestRest { get; } = TimeSpan.FromMinutes(10);

    /// <summary>How often connection tracking and namespaces are looked for; a namespace that has ended lives on until then, because a socket is in it.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Room for news that nobody has read yet, in bytes, a power of two; over netlink for that of each namespace.</summary>
    public int ReceiveBytes { get; init; } = 4 << 20;

    /// <summary>Hooks and rungs that are not to be used.</summary>
    public WithoutHooks Without { get; init; } = WithoutHooks.None;
}
