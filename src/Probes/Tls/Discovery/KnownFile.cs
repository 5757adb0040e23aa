using EbpfActors.Probes.Processes;

namespace EbpfActors.Probes.Tls.Discovery;

/// <summary>What is remembered of a mapped file so as not to look into it again.</summary>
/// <param name="identity">By which it is found.</param>
/// <param name="pid">The process that mapped it first.</param>
/// <param name="generation">The inode's generation; 0 where it was not told.</param>
/// <param name="scan">The number of the scan.</param>
internal sealed class KnownFile(FileIdentity identity, int pid, ulong generation, long scan)
{
    // Where nothing may be opened at all, this is not to be tried for each process in each scan.
    private const int MaxTries = 4;

    private ulong _generation = generation;
    private int _tries;

    internal FileIdentity Identity { get; } = identity;

    internal int FirstPid { get; } = pid;

    /// <summary>The number of the scan in or after which it was last seen.</summary>
    internal long LastSeen { get; private set; } = scan;

    /// <summary>It could not be opened. Another time, or for another process, it may be.</summary>
    internal bool IsUnread { get; set; }

    /// <summary>It has TLS in it, and there were too many such files when it was looked into.</summary>
    internal bool WaitsForTarget { get; set; }

    /// <summary>It is to be searched for traces of TLS, and too many others waited for that when it was looked into.</summary>
    internal bool WaitsForSearch { get; set; }

    /// <summary>The sink was told something that is not captured.</summary>
    internal bool IsTold { get; set; }

    /// <summary>The TLS it brings along without a place to probe; null where none is known.</summary>
    internal string? Unrecognised { get; set; }

    /// <summary>Held open until it is searched for traces of TLS; null when it is not to be.</summary>
    internal IMappedFile? Unsearched { get; set; }

    /// <summary>What is captured of it: mostly nothing, mostly one, more where an overlay has shown several contents by this identity.</summary>
    internal List<LiveTarget> Targets { get; } = [];

    /// <summary>True when another content may come to stand behind the identity while this one is in use.</summary>
    internal bool MayBeCopied => Targets.Exists(t => t.File.IsOnOverlay);

    internal void See(long scan)
    {
        _tries = scan == LastSeen ? _tries : 0;
        LastSeen = scan;
    }

    /// <summary>True as often as it is worth trying to open it in one scan.</summary>
    internal bool TryAgain() => IsUnread && _tries++ < MaxTries;

    /// <summary>True when the inode number has been given to another file since. Scans do not tell generations, records do.</summary>
    internal bool IsReplacedBy(in Mapping mapping)
    {
        var isReplaced = mapping.Generation != 0 && _generation != 0 && mapping.Generation != _generation;
        _generation = _generation == 0 ? mapping.Generation : _generation;
        return isReplaced;
    }
}
